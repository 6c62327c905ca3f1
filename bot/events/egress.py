"""Where events may go: https anywhere public, http on loopback only, private networks when the operator said so.

The address that was checked is the one connected to: a name that answers differently the second time gains nothing.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.events.errors import BadSink, NotAllowed

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""(host, port) → addresses"""
URL_MAX = 2000


@dataclass(frozen=True, kw_only=True)
class Place:
    """A sink's address in parts."""

    scheme: str
    host: str
    port: int
    path: str
    """with the query"""

    @property
    def is_loopback(self) -> bool:
        """It says so itself; a name that merely resolves to loopback is something else."""
        return self.host == "localhost" or (_literal(self.host) or _NOWHERE).is_loopback

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.scheme == "https" else 80) else f"{host}:{self.port}"


_NOWHERE = ipaddress.IPv4Address(0)


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def parse(url: str) -> Place:
    """The parts of a sink's address.

    Raises:
        BadSink: it is not an address events can be sent to. The message does not repeat it: it may hold a secret.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").rstrip(".")
        host = host if host.isascii() else host.encode("idna").decode()
    except ValueError:
        raise BadSink("this is not a URL; write one such as 'https://events.example.com/ops'") from None
    if len(url) > URL_MAX or not url.isascii() or any(c <= " " or c == "\x7f" for c in url):
        raise BadSink(f"the URL has spaces or characters that need %-encoding, or more than {URL_MAX} characters")
    if parts.scheme not in ("https", "http") or not host:
        raise BadSink("the URL must begin with 'https://' and name a host")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise BadSink("the URL must not hold a user, a password or a fragment; the signature says who we are")
    place = Place(
        scheme=parts.scheme,
        host=host,
        port=port or (443 if parts.scheme == "https" else 80),
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
    )
    if place.scheme == "http" and not place.is_loopback:
        raise BadSink(f"http is for loopback only; use 'https://{host}/…'")
    return place


def check(address: str, place: Place, *, private: bool) -> str:
    """The address, when this sink may be there.

    Raises:
        NotAllowed: it may not.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if place.is_loopback and ip.is_loopback:
        return str(ip)
    if ip.is_global and not ip.is_multicast and not ip.is_reserved and not _holds_ipv4(ip):
        return str(ip)
    # cloud metadata services live on link-local addresses: no sink is ever there
    inside = ip.is_private and not (ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_reserved)
    if private and inside:
        return str(ip)
    hint = "; add the sink with --private if it is yours" if inside else ""
    raise NotAllowed(f"{place.host!r} leads to an address inside, where events may not go{hint}")


def _holds_ipv4(ip: Address) -> bool:
    """6to4, Teredo and NAT64 carry another address in them, maybe an inner one."""
    return isinstance(ip, ipaddress.IPv6Address) and (
        ip.sixtofour is not None or ip.teredo is not None or ip in ipaddress.IPv6Network("64:ff9b::/96")
    )


async def reachable(place: Place, resolve: Resolve, *, private: bool) -> str:
    """The address to connect to.

    Raises:
        NotAllowed: one of the host's addresses is where this sink may not be.
        OSError: the name is not known.
    """
    if _literal(place.host) is not None:
        return check(place.host, place, private=private)
    found = [check(address, place, private=private) for address in await resolve(place.host, place.port)]
    if not found:
        raise OSError(f"{place.host!r} has no address")
    return found[0]


class OwnResolver:
    """Looks names up on a few threads of its own: a name server that hangs holds up nobody else's lookups."""

    def __init__(self, threads: int = 4) -> None:
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="sink-dns")

    async def __call__(self, host: str, port: int) -> list[str]:
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        # IPv4 first: a host without IPv6 would otherwise fail on the first answer
        return [str(info[4][0]) for info in sorted(found, key=lambda info: info[0] != socket.AF_INET)]
