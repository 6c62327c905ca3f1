"""However a text is split, the stream shows what redacting it whole shows, and never a secret in between."""

from hypothesis import given, settings
from hypothesis import strategies as st

from policy.redaction import Redactor
from policy.redaction_stream import CONTEXT, HOLD, MAX_HELD, WITHHELD
from tests.policy.redaction_samples import ORDINARY, SECRETS

REDACTOR = Redactor.default()
SECRET_TEXTS = [text for text, _, _ in SECRETS]


def streamed(pieces: list[str]) -> str:
    stream = REDACTOR.stream()
    return "".join([*(stream.feed(piece) for piece in pieces), stream.close()])


def pieces_of(text: str, sizes: list[int]) -> list[str]:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(text[at : at + size])
        at += size
    return [*pieces, text[at:]]


TEXTS = st.lists(
    st.one_of(
        st.sampled_from(SECRET_TEXTS),
        st.sampled_from(ORDINARY),
        st.sampled_from(
            [" ", "\n", "\t", "\u200b", ": ", "=", "password", "token is", "+49", "tel:", "version ", "-u a"]
        ),
        st.text(alphabet="ab 1+.@:/-_\n\u200b", max_size=30),
    ),
    min_size=1,
    max_size=12,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(text=TEXTS, sizes=st.lists(st.integers(1, 200), max_size=30))
def test_every_split_equals_the_whole(text: str, sizes: list[int]) -> None:
    """Pieces of any size, at any place."""
    assert streamed(pieces_of(text, sizes)) == REDACTOR.text(text).text


@settings(max_examples=40, deadline=None)
@given(text=TEXTS)
def test_character_by_character_equals_the_whole(text: str) -> None:
    """The hardest split: every prefix was a candidate for release."""
    assert streamed(list(text)) == REDACTOR.text(text).text


def test_no_secret_leaks_at_any_single_split_point() -> None:
    """Every sample, between ordinary words, cut in two at every place."""
    for text, secret, _ in SECRETS:
        framed = f"so {'and ' * 30}then {text} {'and ' * 30}end"
        whole = REDACTOR.text(framed).text
        for place in range(len(framed)):
            shown = streamed([framed[:place], framed[place:]])
            assert secret not in shown
            assert shown == whole


def test_a_value_that_turns_out_secret_at_its_end_is_held_with_its_keyword() -> None:
    """Its first hundred letters look like no key; the digits that make it one come last."""
    late = "abcdefghij" * 10 + "1234"
    text = f"{'so ' * 50}the secret {late} {'and ' * 50}"
    assert streamed(list(text)) == REDACTOR.text(text).text
    assert late not in REDACTOR.text(text).text


def test_ordinary_words_are_shown_while_they_arrive() -> None:
    """Held back is the tail, not the text."""
    stream = REDACTOR.stream()
    shown = "".join(stream.feed("word ") for _ in range(200))
    assert len(shown) > 1000 - 4 * HOLD
    assert shown + stream.close() == "word " * 200


def test_a_key_block_is_held_until_it_ends() -> None:
    """Its lines look harmless one by one."""
    stream = REDACTOR.stream()
    shown = stream.feed("here -----BEGIN PRIVATE KEY-----\n")
    shown += "".join(stream.feed("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIB\n") for _ in range(40))
    assert "MIIE" not in shown
    shown += stream.feed("-----END PRIVATE KEY-----\ndone. ") + stream.close()
    assert shown == "here [redacted:private-key]\ndone. "


def test_an_endless_run_is_withheld_and_what_follows_is_still_watched() -> None:
    """Memory stays bounded, and the keyword at the end of the run is not forgotten."""
    stream = REDACTOR.stream()
    shown = "".join(stream.feed("x" * 1000) for _ in range(MAX_HELD // 1000 + 60))
    assert len(stream._held) <= MAX_HELD + CONTEXT
    shown += stream.feed("xxpassword: hunter2 and more words") + stream.close()
    assert "hunter2" not in shown
    assert "xxx" not in shown
    assert shown.startswith(WITHHELD)
    assert shown.endswith(" and more words")
    assert stream.found["too-long"] == 1


def test_the_stream_counts_what_it_masked() -> None:
    """For the audit entry, which never holds the values."""
    stream = REDACTOR.stream()
    stream.feed("a@example.com b@example.com password=hunter2 ")
    stream.close()
    assert stream.found == {"email": 2, "password": 1}
