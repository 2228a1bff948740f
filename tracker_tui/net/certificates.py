"""Which certificates are trusted, and who issued one that is not."""

from __future__ import annotations

import http.client
import os
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from tracker_tui.net.errors import RouteBlocked
from tracker_tui.net.responses import printable_line

_VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_SECONDS: Final = 1.0
_LONGEST_NAME: Final = 60
_LONGEST_PATH: Final = 150
_COMMON_NAME: Final = b"\x55\x04\x03"
_ORGANIZATION: Final = b"\x55\x04\x0a"
_VERSION, _UTF_16 = 0xA0, 0x1E
_LONG_FORM: Final = 0x80


class CertificateFile(NamedTuple):
    """A file of certificates that are trusted instead of the usual ones."""

    variable: str
    path: str

    @property
    def printable_path(self) -> str:
        """The path, safe to print."""
        return printable_line(self.path, _LONGEST_PATH)

    def unusable(self, reason: str) -> str:
        """Say that the file cannot be used, and what to do."""
        message = f"{self.variable} names {self.printable_path}, {reason}"
        return f"{message}. Correct it, or unset it"


def certificate_file() -> CertificateFile | None:
    """Return the file that the environment names; requests itself ignores SSL_CERT_FILE."""
    paths = ((name, os.environ.get(name)) for name in _VARIABLES)
    return next((CertificateFile(name, path) for name, path in paths if path), None)


def ca_bundle_for(url: str) -> str | None:
    """Return the path of the certificates to trust for a URL; None means the usual ones.

    Raises RouteBlocked for a file that cannot be read.
    """
    chosen = certificate_file() if url.startswith("https:") else None
    if chosen is None:
        return None
    if not Path(chosen.path).exists():
        raise RouteBlocked(chosen.unusable("which is not there"))
    if not os.access(chosen.path, os.R_OK):
        raise RouteBlocked(chosen.unusable("which cannot be read"))
    return chosen.path


def issuer_of(url: str, proxy: str | None) -> str:
    """Return who issued the certificate of a server; empty if that cannot be found out.

    Connects without sending a request. The certificate is not trusted, only named.
    """
    with suppress(OSError, ValueError, http.client.HTTPException):
        return issuer_in(_certificate_at(url, proxy))
    return ""


def _certificate_at(url: str, proxy: str | None) -> bytes:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if proxy is None:
        connection = http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=context)
    else:
        via = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        connection = http.client.HTTPSConnection(
            via.hostname or "", via.port or 80, timeout=_SECONDS, context=context
        )
        connection.set_tunnel(host, port, _credentials(via.username, via.password))
    try:
        connection.connect()
        return connection.sock.getpeercert(binary_form=True) or b""
    finally:
        connection.close()


def _credentials(user: str | None, password: str | None) -> dict[str, str]:
    from urllib3.util import make_headers

    if user is None:
        return {}
    return make_headers(proxy_basic_auth=f"{unquote(user)}:{unquote(password or '')}")


def issuer_in(certificate: bytes) -> str:
    """Return the name of a certificate's issuer (X.509, DER); raises ValueError for garbage."""
    _, body, _ = _part(certificate)
    _, signed, _ = _part(body)
    tag, _, rest = _part(signed)
    if tag == _VERSION:
        _, _, rest = _part(rest)  # the serial number
    _, _, rest = _part(rest)  # the algorithm
    _, issuer, _ = _part(rest)
    names: dict[bytes, str] = {}
    while issuer:
        _, pairs, issuer = _part(issuer)
        while pairs:
            _, pair, pairs = _part(pairs)
            _, kind, text = _part(pair)
            tag, coded, _ = _part(text)
            names[kind] = coded.decode("utf-16-be" if tag == _UTF_16 else "utf-8", "replace")
    name = names.get(_COMMON_NAME) or names.get(_ORGANIZATION) or ""
    return printable_line(name, _LONGEST_NAME)


def _part(content: bytes) -> tuple[int, bytes, bytes]:
    """Split off the first DER element; return its tag, its content and the rest."""
    if len(content) < 2:  # noqa: PLR2004 - a tag and a length
        raise ValueError("cut short")
    tag, length, begin = content[0], content[1], 2
    if length & _LONG_FORM:
        digits = length - _LONG_FORM
        begin += digits
        length = int.from_bytes(content[2:begin], "big")
    if begin + length > len(content):
        raise ValueError("cut short")
    return tag, content[begin : begin + length], content[begin + length :]
