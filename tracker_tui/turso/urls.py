"""Where a database is, and the token that opens it.

`endpoint` reads the URL of a database; `may_follow` decides whether the token may go to another
server that the database names. A `Token` never appears in anything that is printed.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qs, urlsplit

from tracker_tui.net.route import is_this_machine
from tracker_tui.turso.errors import InterfaceError

if TYPE_CHECKING:
    from requests import PreparedRequest

_ENCRYPTED = {"https": True, "wss": True, "http": False, "ws": False}
_MIN_PARTS_OF_A_DOMAIN = 2
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """The server of a database and the protocol that it speaks."""

    scheme: str
    """One of http, https, ws, wss."""
    host: str
    base: str
    """The URL, without a slash at its end."""

    @property
    def is_encrypted(self) -> bool:
        """Whether a token can be sent there over a network that others use."""
        return _ENCRYPTED[self.scheme]

    @property
    def is_websocket(self) -> bool:
        """Whether the protocol is a WebSocket."""
        return self.scheme in ("ws", "wss")

    @property
    def is_this_machine(self) -> bool:
        """Whether requests never leave this machine."""
        return is_this_machine(self.host)


def endpoint(url: str) -> Endpoint:
    """Parse `libsql://`, `https://`, `http://`, `wss://` or `ws://`; raises InterfaceError.

    `libsql://` means https, except for this machine or with `?tls=0`: then it means http.
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
    base = f"{scheme}://{authority}{parts.path.rstrip('/')}"
    return Endpoint(scheme=scheme, host=host, base=base)


def may_follow(origin: Endpoint, base_url: str) -> bool:
    """Whether a stream of `origin` may continue at `base_url`, which its server named.

    The token goes along, so only to the same host or its siblings, encrypted or on this machine.
    """
    try:
        target = endpoint(base_url)
    except InterfaceError:
        return False
    if target.is_websocket or origin.is_this_machine is not target.is_this_machine:
        return False
    if origin.is_this_machine:
        return True
    is_sibling = _parent(target.host) == _parent(origin.host) != ""
    return target.is_encrypted and (target.host == origin.host or is_sibling)


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        return (parts := urlsplit(url)), parts.port
    except ValueError:
        # Drop the cause: it may quote a token that was typed in the wrong place.
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
    """Return the domain that a host belongs to; empty for an address or a top-level name."""
    parent = host.partition(".")[2]
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return parent if len(parent.split(".")) >= _MIN_PARTS_OF_A_DOMAIN else ""
    return ""


class Token:
    """A token, or None; hidden from repr and from tracebacks that print variables.

    Wrap a token in it before anything can fail. It is also an `auth` of requests.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str | None) -> None:
        self._text = text

    @classmethod
    def of(cls, token: str | Token | None) -> Token:
        """Wrap a token, unless it is wrapped already."""
        return token if isinstance(token, Token) else cls(token)

    def check(self) -> None:
        """Raise InterfaceError, without quoting it, for characters that no token has."""
        if self._text is not None and not _TOKEN.fullmatch(self._text):
            raise InterfaceError("The token holds characters that no token has.")

    def reveal(self) -> str | None:
        """Return the text, to be sent."""
        return self._text

    def redact(self, content: bytes) -> bytes:
        """Return a response without the token, in case the server quotes it."""
        return content.replace(self._text.encode(), b"...") if self._text else content

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token to a request."""
        if self._text is not None:
            request.headers["Authorization"] = f"Bearer {self._text}"
        return request
