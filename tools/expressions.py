"""Conditions and texts in playbooks and manifests, in CEL: typed, without eval, bounded in size and work.

CEL does not mix whole and decimal numbers in arithmetic (comparing them is fine): write `double(x) / 3.0`.
"""

import itertools
import logging
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cel

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]

LONGEST_SOURCE = 4_000
LONGEST_LISTS = (None, 2_000, 100)
"""Entries a list in scope may have for an expression whose loops nest 0, 1, 2 deep. The time of `map` and `filter`
grows with the square of the list (about 0.1 s at these sizes), and CEL, once it runs, cannot be stopped."""

# It logs the message of a function that fails, values and all; the same message comes back as our error.
logging.getLogger("cel").setLevel(logging.CRITICAL)

_AT = re.compile(r"<input>:(\d+):(\d+): (?:Syntax error: )?([^\n]*)")
_UNKNOWN = re.compile(r"Undefined variable or function: '([^']+)'")
_FUNCTION = re.compile(
    r"Function '(\w+)' error: (?:Python function call failed: (?:\w+: )?)?(.*?)\. Check function", re.S
)
_STRINGS = re.compile(r"""r?("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|//[^\n]*""")
_LOOP_NAMES = re.compile(r"\.\s*(?:map|filter|all|exists|exists_one)\s*\(\s*(\w+)\s*,")
_TYPES = {"int", "uint", "double", "bool", "string", "bytes", "list", "map", "type", "null_type"}
_LOOP = re.compile(r"\.\s*(?:map|filter|all|exists|exists_one)\s*\($")


class ExpressionError(Exception):
    """An expression cannot be read, or has no value."""


class MissingField(ExpressionError):
    """An expression names something that its scope does not have."""

    def __init__(self, field: str, source: str) -> None:
        super().__init__(f"no {field!r} here, asked for by {_short(source)}; guard it with has() or fix the name")
        self.field = field


@dataclass(frozen=True, kw_only=True)
class Expression:
    """One expression, read once and evaluated often."""

    source: str
    _program: Any = field(repr=False, compare=False)
    _loops: int = field(repr=False, compare=False)

    @classmethod
    def parse(cls, source: str) -> "Expression":
        """Read `source`.

        Raises:
            ExpressionError: it is no CEL, too long, or loops inside loops inside loops.
        """
        if len(source) > LONGEST_SOURCE:
            raise ExpressionError(
                f"expression of {len(source):,} characters, at most {LONGEST_SOURCE:,}; split it: {_short(source)}"
            )
        loops = _loop_depth(source)
        deepest = len(LONGEST_LISTS) - 1
        if loops > deepest:
            raise ExpressionError(f"loops nested {loops} deep, at most {deepest}; simplify {_short(source)}")
        try:
            program = cel.compile(source)
        except ValueError as error:
            raise ExpressionError(_where(source, str(error))) from None
        return cls(source=source, _program=program, _loops=loops)

    def value(self, scope: Mapping[str, JsonValue]) -> JsonValue:
        """What the expression comes to.

        Raises:
            MissingField: it names something that `scope` does not have.
            ExpressionError: the types do not fit, or the result is no JSON.
        """
        self._check_work(scope)
        context = cel.Context(variables=dict(scope), functions=_FUNCTIONS)
        try:
            result = self._program.execute(context)
        except KeyError as error:
            raise MissingField(str(error.args[0]), self.source) from None
        except RuntimeError as error:
            raise self._failed(str(error)) from None
        except (TypeError, ValueError, LookupError, ArithmeticError) as error:
            first = str(error).split(". ")[0]
            raise ExpressionError(f"{first}, in {_short(self.source)}") from None
        return self._json(result)

    def truth(self, scope: Mapping[str, JsonValue]) -> bool:
        """Whether it holds. Only true and false count; nothing is taken for true.

        Raises:
            ExpressionError: as `value`, and when the result is neither true nor false.
        """
        result = self.value(scope)
        if not isinstance(result, bool):
            raise ExpressionError(f"{_short(self.source)} came to {result!r}; a condition must be true or false")
        return result

    def mentions(self, root: str) -> frozenset[str]:
        """The fields of one name in scope that it reads: of "steps", the ids of the steps."""
        bare = _STRINGS.sub(lambda found: " " * len(found[0]), self.source)
        return frozenset(re.findall(rf"(?<![\w.]){re.escape(root)}\s*\.\s*(\w+)", bare))

    def roots(self) -> frozenset[str]:
        """The names it expects in scope."""
        loops = set(_LOOP_NAMES.findall(_STRINGS.sub(lambda found: " " * len(found[0]), self.source)))
        return frozenset(set(self._program.variables()) - loops - _TYPES)

    def _failed(self, message: str) -> ExpressionError:
        if unknown := _UNKNOWN.search(message):
            return MissingField(unknown[1], self.source)
        if function := _FUNCTION.search(message):
            return ExpressionError(f"{function[1]}(): {' '.join(function[2].split())}, in {_short(self.source)}")
        return ExpressionError(f"{message}, in {_short(self.source)}")

    def _check_work(self, scope: Mapping[str, JsonValue]) -> None:
        most = LONGEST_LISTS[self._loops]
        if most is not None and (entries := _longest(scope)) > most:
            raise ExpressionError(
                f"a list of {entries:,} entries, at most {most:,} for the loops in {_short(self.source)}; "
                "have the tool return less"
            )

    def _json(self, result: object) -> JsonValue:
        match result:
            case None | bool() | int() | str():
                return result
            case float() if math.isfinite(result):
                return result
            case list():
                return [self._json(each) for each in result]
            case dict() if all(isinstance(key, str) for key in result):
                return {key: self._json(each) for key, each in result.items()}
        raise ExpressionError(
            f"{_short(self.source)} came to {result!r}, which is no JSON; wrap it in string() or compare it"
        )


def code(value: object) -> str:
    """`value` in backticks; backticks inside become quotes, as chat has no way to escape them."""
    return f"`{_text(value).replace('`', chr(39)).replace(chr(10), ' ')}`"


def pct(value: object) -> str:
    """0.073 -> "7.3 %"."""
    return f"{num(round(_number(value) * 100, 1))} %"


def num(value: object) -> str:
    """1900 -> "1,900"; at most two decimals."""
    number = _number(value)
    text = f"{number:,.2f}".rstrip("0").rstrip(".") if isinstance(number, float) else f"{number:,}"
    return "0" if text == "-0" else text


def join(values: object, separator: object) -> str:
    """The entries of a list, one after the other."""
    if not isinstance(values, list):
        raise ValueError(f"join needs a list, not {values!r}")
    return _text(separator).join(_text(each) for each in values)


_FUNCTIONS: dict[str, Callable[..., Any]] = {"code": code, "pct": pct, "num": num, "join": join}


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"needs a number, not {value!r}")
    return value


def _text(value: object) -> str:
    """A value as people write it: true and none, not True and None; numbers as they are."""
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    return str(value)


def _short(source: str) -> str:
    return repr(source if len(source) <= 120 else source[:119] + "…")


def _where(source: str, message: str) -> str:
    """The parser's first complaint, with line and column; its words quote the whole source, so they are cut."""
    found = _AT.search(message)
    if found is None:
        return f"cannot read expression {_short(source)}"
    line, column, complaint = found.groups()
    place = f"column {column}" if line == "1" and "\n" not in source else f"line {line}, column {column}"
    return f"cannot read expression {_short(source)} at {place}: {complaint.split(' expecting {')[0]}"


def _loop_depth(source: str) -> int:
    """How deep loops (map, filter, all, exists) stand inside each other."""
    # Strings become as many blanks, so that brackets inside them do not count.
    bare = _STRINGS.sub(lambda found: " " * len(found[0]), source)
    depth = deepest = 0
    open_brackets: list[bool] = []
    for index, letter in enumerate(bare):
        if letter in "([{":
            loops = letter == "(" and _LOOP.search(bare, 0, index + 1) is not None
            open_brackets.append(loops)
            depth += loops
            deepest = max(deepest, depth)
        elif letter in ")]}" and open_brackets:
            depth -= open_brackets.pop()
    return deepest


def _longest(value: object) -> int:
    """The most entries of any list or map inside."""
    sizes = (len(each) for each in _walk(value))
    return max(itertools.chain([0], sizes))


def _walk(value: object) -> Iterator[Sequence[object] | Mapping[str, object]]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            yield each
            waiting.extend(each.values())
        elif isinstance(each, list):
            yield each
            waiting.extend(each)
