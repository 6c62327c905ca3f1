"""A value belongs in the slot where the request puts it."""

import pytest

from policy.provenance import Origin, trace

COPY = "copy the orders from db-old to db-new"


@pytest.mark.parametrize(
    ("said", "arguments", "expected"),
    [
        (COPY, {"source": "db-old", "target": "db-new"}, {}),
        (COPY, {"source": "db-new", "target": "db-old"}, {"source": Origin.OTHER, "target": Origin.OTHER}),
        ("move ana from team-a to team-b", {"user": "ana", "team": "team-b"}, {}),
        ("scale web from 3 to 5 replicas", {"service": "web", "replicas": 5}, {}),
        ("scale web from 3 to 5 replicas", {"service": "web", "replicas": 3}, {"replicas": Origin.OTHER}),
        ("scale web from 3 to 5 replicas", {"service": "web", "replicas": 0}, {"replicas": Origin.UNTRUSTED}),
        ("limit checkout.retry to 3/s for 10 min", {"endpoint": "checkout.retry", "per_second": 3, "minutes": 10}, {}),
        (
            "limit checkout.retry to 3/s for 10 min",
            {"endpoint": "checkout.retry", "per_second": 10, "minutes": 3},
            {"per_second": Origin.CHOSEN, "minutes": Origin.CHOSEN},
        ),
        ("pay 20 to acme-gmbh", {"amount": 20, "recipient": "acme-gmbh"}, {}),
        (
            "swap alpha with beta",
            {"one": "beta", "other": "alpha"},
            {"one": Origin.CHOSEN, "other": Origin.CHOSEN},
        ),
    ],
)
def test_roles(said: str, arguments: dict[str, str | int], expected: dict[str, Origin]) -> None:
    """Swapped, or taken for something else, it is not what was asked for; undecided, it is the bot's reading."""
    traced = trace(arguments, trusted_text=said)
    assert {slot: one.origin for slot, one in traced.items() if not one.origin.vouched} == expected
