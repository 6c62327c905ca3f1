"""How much room the parts of an approval card take: roomy first, tight when the whole would not fit one message."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Room:
    """Rendered characters each part may take."""

    says: int
    rows: int
    arguments: int
    one: int
    """a value, once the whole list is too long"""
    prose: int
    why: int
    evidence_url: int


ROOMY = Room(says=1_200, rows=2_700, arguments=2_400, one=260, prose=600, why=600, evidence_url=600)
TIGHT = Room(says=700, rows=1_500, arguments=1_200, one=90, prose=300, why=300, evidence_url=150)
"""all parts at their most stay below what one message holds; a test fills them"""

ROWS = 6
ARGUMENTS = 8
EVIDENCE = 5
