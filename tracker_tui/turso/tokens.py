"""The token that opens a database, kept out of everything that is printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tracker_tui.turso.errors import InterfaceError

if TYPE_CHECKING:
    from requests import PreparedRequest

_TOKEN = re.compile(r"[\x21-\x7e]+")


class Token:
    """A token, or none; neither its repr nor a traceback that shows variables tells it.

    Functions that are given a token put this in its place before anything can fail. It is also an
    `auth` of requests: a `~/.netrc` entry would replace a plain header.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str | None) -> None:
        self._text = text

    @classmethod
    def of(cls, token: str | Token | None) -> Token:
        """Return a token that is hidden from here on."""
        return token if isinstance(token, Token) else cls(token)

    def check(self) -> None:
        """Raise InterfaceError, which does not quote it, if no server can have made it."""
        if self._text is not None and not _TOKEN.fullmatch(self._text):
            raise InterfaceError("The token holds characters that no token has.")

    def reveal(self) -> str | None:
        """Return the text, to be sent."""
        return self._text

    def redact(self, content: bytes) -> bytes:
        """Return what a server said, without the token if it quotes it."""
        return content.replace(self._text.encode(), b"...") if self._text else content

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Let a request carry the token."""
        if self._text is not None:
            request.headers["Authorization"] = f"Bearer {self._text}"
        return request
