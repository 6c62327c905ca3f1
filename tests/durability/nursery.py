"""`python -m tests.durability.nursery`: imports the bot once and forks `autopilot run` for every line on stdin.

A bot that starts in a moment instead of seconds, so that it can be killed often. What runs in the child is the
command line's own entry point.
"""

import json
import os
import signal
import sys

import bot.cli
import bot.console.app
import bot.wiring  # imported so that the children need not


def main() -> None:
    """A line {"environment": {…}, "log": path} starts a bot; its pid is printed. The end of stdin ends this."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the kernel
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become_bot(order["environment"], order["log"])
        print(pid, flush=True)  # noqa: T201  the answer


def _become_bot(environment: dict[str, str], log: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for stream, target in ((0, nothing), (1, out), (2, out)):
        os.dup2(target, stream)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["autopilot", "run", "--until-parent-ends"]
    try:
        bot.cli.main()
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 1)
    os._exit(0)


if __name__ == "__main__":
    main()
