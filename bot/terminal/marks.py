"""The three marks of every list of checks."""

YES = "✓"
NO = "✗"
NEITHER = "–"
