"""Where events may go. Also against names that resolve to inner addresses."""

import pytest

from bot.events.egress import Resolve, parse, reachable
from bot.events.errors import BadSink, NotAllowed


def says(*addresses: str) -> Resolve:
    async def resolve(_host: str, _port: int) -> list[str]:
        return list(addresses)

    return resolve


@pytest.mark.parametrize(
    "url",
    [
        "",
        "events.example.com",
        "ftp://events.example.com/",
        "http://events.example.com/",
        "http://127.0.0.1.example.com/",
        "http://10.0.0.1/",
        "https:///path",
        "https://user:pw@events.example.com/",
        "https://events.example.com/#part",
        "https://events.example.com/a b",
        "https://events.example.com/\r\nx: y",
        "https://events.example.com:99999/",
        "https://events.example.com/" + "a" * 2000,
    ],
)
def test_an_address_that_cannot_be_used_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(BadSink) as told:
        parse(url)
    assert "user:pw" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://events.example.com", "events.example.com"),
        ("https://events.example.com:443/x", "events.example.com"),
        ("https://events.example.com:8443/x", "events.example.com:8443"),
        ("http://localhost:9000/x?y=1", "localhost:9000"),
        ("http://[::1]:9000/", "[::1]:9000"),
    ],
)
def test_a_good_address_is_taken_apart(url: str, authority: str) -> None:
    assert parse(url).authority == authority


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("93.184.215.14", True, True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True, True),
        ("10.1.2.3", False, True),
        ("192.168.1.1", False, True),
        ("fd00::1", False, True),
        ("::ffff:10.1.2.3", False, True),
        ("127.0.0.1", False, False),
        ("::1", False, False),
        ("::ffff:127.0.0.1", False, False),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("2002:a9fe:a9fe::1", False, False),
        ("fe80::1%eth0", False, False),
        ("0.0.0.0", False, False),  # noqa: S104  # an address to be refused
        ("::", False, False),
        ("224.0.0.1", False, False),
        ("255.255.255.255", False, False),
        ("100.64.0.1", False, False),
    ],
)
async def test_a_name_leads_only_where_its_sink_may_be(address: str, public: bool, private: bool) -> None:
    place = parse("https://events.example.com/")
    for allowed, inside in ((public, False), (private, True)):
        if allowed:
            assert await reachable(place, says(address), private=inside)
        else:
            with pytest.raises(NotAllowed):
                await reachable(place, says(address), private=inside)


async def test_one_inner_address_among_good_ones_is_enough_to_refuse() -> None:
    with pytest.raises(NotAllowed):
        await reachable(parse("https://events.example.com/"), says("93.184.215.14", "169.254.169.254"), private=True)


async def test_loopback_is_for_sinks_that_say_so() -> None:
    assert await reachable(parse("http://127.0.0.1:9/"), says(), private=False) == "127.0.0.1"
    assert await reachable(parse("http://localhost:9/"), says("127.0.0.1"), private=False) == "127.0.0.1"
    with pytest.raises(NotAllowed):
        await reachable(parse("http://localhost:9/"), says("169.254.169.254"), private=False)
