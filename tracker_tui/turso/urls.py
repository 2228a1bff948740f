"""Where a database is: the URLs that name one, and where its token may go."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qs, urlsplit

from tracker_tui.net.proxies import is_this_machine
from tracker_tui.turso.errors import InterfaceError

_ENCRYPTED = {"https": True, "wss": True, "http": False, "ws": False}
_LEAST_PARTS_OF_A_DOMAIN = 2


class Endpoint(NamedTuple):
    """A server: how it is spoken to, and where; `base` ends without a slash."""

    scheme: str
    """One of http, https, ws, wss."""
    host: str
    base: str

    @property
    def is_encrypted(self) -> bool:
        """Whether a token can be sent there in front of anybody."""
        return _ENCRYPTED[self.scheme]

    @property
    def is_websocket(self) -> bool:
        """Whether it is spoken to over a WebSocket."""
        return self.scheme in ("ws", "wss")

    @property
    def is_this_machine(self) -> bool:
        """Whether what is sent there never leaves this machine."""
        return is_this_machine(self.host)


def endpoint(url: str) -> Endpoint:
    """Understand `libsql://`, `https://`, `http://`, `wss://` or `ws://`; raises InterfaceError.

    `libsql://` means https, but http for this machine or with `?tls=0`.
    """
    parts, port = _split(url)
    host = parts.hostname or ""
    if not host or parts.fragment or parts.username is not None or parts.password is not None:
        raise InterfaceError("A database URL has a host, no user, and nothing behind a #.")
    options = parse_qs(parts.query, keep_blank_values=True)
    tls = options.pop("tls", [""])[-1]
    if options:
        raise InterfaceError("A database URL has no option but tls; a token is given separately.")
    scheme = _scheme(parts.scheme, tls, host)
    authority = f"[{host}]" if ":" in host else host
    if port is not None:
        authority += f":{port}"
    return Endpoint(scheme, host, f"{scheme}://{authority}{parts.path.rstrip('/')}")


def may_follow(origin: Endpoint, base_url: str) -> bool:
    """Whether a stream of `origin` may go on at `base_url`, which the server named.

    Only encrypted or on this machine, and only to the same host or one beside it: the token goes
    along.
    """
    try:
        there = endpoint(base_url)
    except InterfaceError:
        return False
    if there.is_websocket or origin.is_this_machine is not there.is_this_machine:
        return False
    if origin.is_this_machine:
        return True
    beside = _parent(there.host) == _parent(origin.host) != ""
    return there.is_encrypted and (there.host == origin.host or beside)


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        return (parts := urlsplit(url)), parts.port
    except ValueError:
        # Without its cause, which may quote what was typed: a token in the wrong place.
        raise InterfaceError("That is no URL of a database.") from None


def _scheme(scheme: str, tls: str, host: str) -> str:
    if tls not in ("", "0", "1"):
        raise InterfaceError("The option tls of a database URL is 0 or 1.")
    if scheme == "libsql":
        plain = tls == "0" or (tls == "" and is_this_machine(host))
        return "http" if plain else "https"
    if scheme not in _ENCRYPTED:
        raise InterfaceError("A database URL begins with libsql, https, http, wss or ws.")
    if tls and (tls == "1") is not _ENCRYPTED[scheme]:
        raise InterfaceError(f"The option tls={tls} contradicts {scheme}://.")
    return scheme


def _parent(host: str) -> str:
    """Return the domain that a host belongs to; "" for an address or a name of one's own."""
    parent = host.partition(".")[2]
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return parent if len(parent.split(".")) >= _LEAST_PARTS_OF_A_DOMAIN else ""
    return ""
