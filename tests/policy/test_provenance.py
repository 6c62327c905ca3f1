"""Where values come from: the request's words, trusted look-ups, the playbook, or nobody."""

import pytest

from policy.provenance import LookedUp, Origin, Value, trace, untrusted

REQUEST = (
    "Please scale checkout to 30 replicas, then roll back to v1.4.2. Turn new-checkout off, tell the on call team."
)
FOUND = (LookedUp(tool="deploys.list", path="deploys[0]", value={"version": "v1.4.1", "sha": "9f8e7d6"}),)


@pytest.mark.parametrize(
    ("value", "origin"),
    [
        ("checkout", Origin.LITERAL_OF_REQUEST),
        ("Checkout", Origin.LITERAL_OF_REQUEST),
        ("new-checkout", Origin.LITERAL_OF_REQUEST),
        ("v1.4.2", Origin.LITERAL_OF_REQUEST),
        ("on call team", Origin.LITERAL_OF_REQUEST),
        (30, Origin.LITERAL_OF_REQUEST),
        (False, Origin.LITERAL_OF_REQUEST),
        ("v1.4.1", Origin.LOOKED_UP),
        ("9f8e7d6", Origin.LOOKED_UP),
        (3, Origin.UNTRUSTED),
        (0, Origin.UNTRUSTED),
        (300, Origin.UNTRUSTED),
        (4, Origin.UNTRUSTED),
        (True, Origin.UNTRUSTED),
        ("check", Origin.UNTRUSTED),
        ("out", Origin.UNTRUSTED),
        ("v1.4", Origin.UNTRUSTED),
        ("new", Origin.UNTRUSTED),
        ("checkout.evil.com", Origin.UNTRUSTED),
        ("сheckout", Origin.UNTRUSTED),  # noqa: RUF001 -- a Cyrillic letter is the point
        ("call on team", Origin.UNTRUSTED),
    ],
)
def test_a_value_is_vouched_for_as_a_whole_or_not_at_all(value: Value, origin: Origin) -> None:
    """A part of a word, a longer number or a look-alike is somebody else's value."""
    assert trace({"it": value}, trusted_text=REQUEST, looked_up=FOUND)["it"].origin is origin


@pytest.mark.parametrize(
    ("text", "true", "false"),
    [
        ("turn new-checkout off on staging", False, True),
        ("turn on new-checkout", True, False),
        ("switch the new one on", True, False),
        ("enable it on prod", True, False),
        ("disable it, then enable it", False, False),
        ("what is on there?", False, False),
        ("set dry_run=true", True, False),
    ],
)
def test_a_switch_is_vouched_for_by_words_that_switch(text: str, true: bool, false: bool) -> None:
    """And by neither when the text says both."""
    said = [trace({"it": value}, trusted_text=text)["it"].origin for value in (True, False)]
    assert [one is Origin.LITERAL_OF_REQUEST for one in said] == [true, false]


def test_each_slot_says_where_its_value_comes_from() -> None:
    """One line a slot, as the card shows it; empty slots are left out."""
    traced = trace(
        {"service": "checkout", "hosts": ["evil.example", "v1.4.1"], "opts": {"grace": 15, "note": ""}, "none": None},
        trusted_text=["scale it", "checkout!"],
        looked_up=FOUND,
        constants={"opts": {"grace": 15}},
    )
    assert {slot: (one.origin.value, one.where) for slot, one in traced.items()} == {
        "service": ("literal_of_request", "named in the request"),
        "hosts[0]": ("untrusted", "in neither the request nor a trusted look-up"),
        "hosts[1]": ("looked_up", "looked up: deploys.list deploys[0].version"),
        "opts.grace": ("playbook", "fixed by the playbook"),
    }
    assert untrusted(traced) == ("hosts[0]",)


def test_what_a_playbook_took_from_the_request_is_not_called_its_own() -> None:
    """People who approve must see whether somebody named the target or the playbook always takes it."""
    constants = {"user_id": "a-17", "queue": "orders"}
    traced = trace(constants, trusted_text="member a-17 cannot log in", constants=constants)
    assert {slot: one.where for slot, one in traced.items()} == {
        "user_id": "named in the request, put here by the playbook",
        "queue": "fixed by the playbook",
    }


def test_a_playbook_constant_vouches_only_for_its_own_slot() -> None:
    """Values are bound to slots, not to strings."""
    traced = trace({"from": "b", "to": "a"}, trusted_text="", constants={"from": "a", "to": "b"})
    assert untrusted(traced) == ("from", "to")


@pytest.mark.parametrize(
    "value",
    [
        "chec\u212aout",  # the Kelvin sign folds to k
        "payment\u017f",  # the long s folds to s
        "check out\u2003now",
        " checkout",
        "checkout\n",
        "\u00e9tat-2".replace("\u00e9", "e\u0301"),
    ],
)
def test_what_only_looks_like_a_word_of_the_request_is_not_vouched_for(value: str) -> None:
    """Other bytes are another target to the far end, however alike they are to a reader."""
    text = "look at checkout, payments, état-2 and check out now"
    assert untrusted(trace({"service": value}, trusted_text=text)) == ("service",)


def test_case_of_plain_letters_is_a_persons_spelling() -> None:
    assert untrusted(trace({"service": "checkout"}, trusted_text="restart Checkout")) == ()
