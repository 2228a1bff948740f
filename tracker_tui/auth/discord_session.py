"""One session with Discord: an `OAuth2Session` with limits and readable errors.

`DiscordSession` sends requests through `BoundedAdapter`, so the deadline and the size limit hold
for token requests, too. Its adapter raises DiscordUnreachable for everything that says nothing
about the member: no connection, a pause that Discord asks for (429), a fault on its side (5xx), or
another server that answers in its place. oauthlib never sees those replies, so their status and
Retry-After are not lost. All other replies are returned, redirects too: none is followed.

requests-oauthlib writes tokens to its log at level DEBUG, so its loggers are disabled here.
"""

from __future__ import annotations

import logging
import math
from typing import Any, Final, NamedTuple

import msgspec
import requests
from oauthlib.oauth2 import DeviceClient
from requests_oauthlib import OAuth2Session

from tracker_tui.auth.discord_errors import DiscordUnreachable
from tracker_tui.auth.guild_config import Guild
from tracker_tui.config.settings import Secret
from tracker_tui.domain.text import one_line
from tracker_tui.net.bounded_adapter import BoundedAdapter
from tracker_tui.net.errors import (
    DeadlineExceeded,
    EncryptionFailed,
    Redirected,
    RequestFailed,
    RouteBlocked,
    without_frames,
)
from tracker_tui.net.responses import is_web_page, parse_retry_after
from tracker_tui.net.route import proxy_instead_of

MAX_PAUSE: Final = 86_400.0
"""The longest pause in seconds, whatever Discord asks for."""
_DEFAULT_PAUSE: Final = 5.0
_MAX_BYTES: Final = 256 * 1024
_UNAUTHORIZED, _PROXY_AUTHENTICATION, _TOO_MANY, _SERVER_ERROR = 401, 407, 429, 500
_INTERCEPTED: Final = (
    "something on the way answers in its place, a network that you have to sign in to perhaps"
)

for _name in list(logging.root.manager.loggerDict):
    if _name.partition(".")[0] in ("oauthlib", "requests_oauthlib"):
        logging.getLogger(_name).disabled = True


class DiscordReply(NamedTuple):
    """A reply that is Discord's own word: the status and the body."""

    status: int
    content: bytes

    @classmethod
    def of(cls, response: requests.Response) -> DiscordReply:
        return cls(response.status_code, response.content)

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object in the body; empty if there is none."""
        try:
            document = msgspec.json.decode(self.content)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}

    @property
    def error(self) -> str:
        """OAuth's error code, such as `access_denied`; empty if there is none."""
        error = self.document.get("error")
        return error if isinstance(error, str) else ""

    def message(self, *secrets: Secret | None) -> str:
        """Return the error messages of the body as one line, without secrets."""
        document = self.document
        texts = [document.get(name) for name in ("error", "error_description", "message")]
        message = ", ".join(text for text in texts if isinstance(text, str))
        for secret in filter(None, secrets):
            # Before the text is cut: half a secret would not be found any more.
            message = message.replace(secret.reveal(), "…")
        return one_line(message, 200)


class DiscordSession(OAuth2Session):
    """A session for one request, as the guild's application and with one access token at most."""

    def __init__(self, guild: Guild, seconds: float, access: Secret | None = None) -> None:
        """`seconds` is the deadline of a request."""
        # Without a time of expiry: oauthlib would compare it with this machine's clock.
        token = {} if access is None else {"access_token": access.reveal(), "token_type": "Bearer"}
        # And without a scope: oauthlib raises a bare Warning if Discord grants another one.
        super().__init__(client=DeviceClient(guild.client_id), token=token)
        self.headers["Accept"] = "application/json"
        _DiscordAdapter(seconds=seconds, max_bytes=_MAX_BYTES).mount_on(self)


class _DiscordAdapter(BoundedAdapter):
    """Returns Discord's own replies, and raises DiscordUnreachable for all others."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        try:
            response = super().send(request, **options)
        except Redirected as error:
            response = requests.Response()
            response.request = request
            response.status_code, response._content = error.status, b""  # noqa: SLF001
        except RequestFailed as error:
            raise _no_reply(error) from without_frames(error)
        _require_reply_of_discord(response, request.url or "")
        return response


def unreachable(problem: str, retry_after: float | None = None) -> DiscordUnreachable:
    """Return an error that says what Discord does, and to try again later."""
    return DiscordUnreachable(f"Discord {problem}. Try again later.", retry_after)


def _no_reply(error: RequestFailed) -> DiscordUnreachable:
    if isinstance(error, DeadlineExceeded):
        return unreachable("does not answer in time")
    if isinstance(error, RouteBlocked):
        return _blocked(str(error))
    if isinstance(error, EncryptionFailed):
        return unreachable("has no encryption that this machine trusts; check its clock")
    return unreachable("cannot be reached")


def _blocked(by: str) -> DiscordUnreachable:
    return DiscordUnreachable(f"Discord cannot be reached: {by}.")


def _require_reply_of_discord(response: requests.Response, url: str) -> None:
    """Raise DiscordUnreachable for a reply that says nothing about the member."""
    status = response.status_code
    if status == _TOO_MANY:
        pause = _requested_pause(response)
        raise unreachable(f"asks for a pause of {math.ceil(pause)} s", pause)
    if status >= _SERVER_ERROR:
        raise unreachable(f"is in trouble ({status})")
    is_page = status >= _UNAUTHORIZED and is_web_page(response.content)
    if is_page or status == _PROXY_AUTHENTICATION:
        raise _blocked(proxy_instead_of(url, status) or _INTERCEPTED)


def _requested_pause(response: requests.Response) -> float:
    """Return the pause in seconds: from the body, which has fractions, else from the header."""
    document = DiscordReply.of(response).document
    for value in (document.get("retry_after"), response.headers.get("Retry-After")):
        seconds = parse_retry_after(value, MAX_PAUSE)
        if seconds is not None:
            return seconds
    return _DEFAULT_PAUSE
