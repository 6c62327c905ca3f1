"""Third step of loading: prove in a child process that parsing these rules does not crash this one."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from policy.errors import PolicyError
from policy.lexer import SourceRule

_CHILD = Path(__file__).with_name("parse_child.py")
_TIMEOUT = 20


def survive(rules: Sequence[SourceRule], *, cache_dir: Path | None) -> None:
    """Promise that parsing these rules here is safe. A cached yes is keyed by their content and the engine's version.

    Raises:
        PolicyError: the parser crashed or hung on one of them.
    """
    texts = json.dumps([rule.text for rule in rules])
    key = sha256(f"{version('cedarpy')}\n{texts}".encode()).hexdigest()
    mark = cache_dir / f"policy-parses-{key}" if cache_dir else None
    if mark and mark.exists():
        return
    _try_in_child(texts, rules)
    if mark:
        # Only ever skips the crash test: every other check runs again at each start, so a planted file gains nothing.
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()


def _try_in_child(texts: str, rules: Sequence[SourceRule]) -> None:
    # The environment may hold credentials; the child gets none of it, only where to import from.
    paths = os.pathsep.join(path for path in sys.path if path)
    try:
        child = subprocess.run(  # noqa: S603 -- our own interpreter and our own file
            [sys.executable, "-P", str(_CHILD)],
            input=texts.encode(),
            capture_output=True,
            timeout=_TIMEOUT,
            env={"PYTHONPATH": paths},
            check=False,
        )
    except subprocess.TimeoutExpired as slow:
        raise _named(rules, slow.stdout or b"", f"the parser took longer than {_TIMEOUT} s") from slow
    if child.returncode != 0 or not child.stdout.endswith(b"done\n"):
        raise _named(rules, child.stdout, f"the parser crashed (exit code {child.returncode})")


def _named(rules: Sequence[SourceRule], said: bytes, problem: str) -> PolicyError:
    reached = [int(line) for line in said.split() if line.isdigit()]
    if not reached:
        return PolicyError(
            f"{problem} before the first rule", todo="check that cedarpy can be imported", file="policy parser"
        )
    rule = rules[reached[-1]]
    return PolicyError(problem, todo="simplify this rule", file=rule.file, line=rule.line)
