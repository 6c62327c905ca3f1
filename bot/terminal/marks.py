"""The three marks of every list of checks."""

YES = "✓"
NO = "✗"
NEITHER = "–"  # noqa: RUF001 - an en dash on purpose: neither yes nor no
