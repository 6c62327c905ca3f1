"""Runs alone, in a child process: parse candidate rules and say how far it came.

Cedar's parser can overflow the stack, which ends a process without an exception. So a file that nobody has parsed
before is parsed here first. Run by path and with -P, because this folder has a types.py of its own.
"""

import json
import sys

from cedarpy import policies_to_json_str, policies_to_pst


def main() -> None:
    """Write the number of each rule before parsing it; the last number written is the one that crashed."""
    for number, text in enumerate(json.load(sys.stdin)):
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        try:
            policies_to_json_str(text)
            policies_to_pst(text)
        except ValueError:
            continue  # an ordinary syntax error; the parent parses again and names the line
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main()
