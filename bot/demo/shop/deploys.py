"""What was released when."""

from dataclasses import dataclass

DEPLOYS = (
    (2880, "social", "social-2026.38.1", "jonas"),
    (1560, "checkout", "checkout-4.11.0", "mira"),
    (1490, "pipeline", "pipeline-0.9.7", "ada"),
    (340, "storefront", "storefront-7.2.3", "jonas"),
    (185, "search", "search-3.0.1", "ada"),
)
"""minutes before the shop opened, service, version, by whom"""


@dataclass(frozen=True, kw_only=True)
class Deploy:
    """One release."""

    at: float
    service: str
    version: str
    by: str
