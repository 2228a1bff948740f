"""One request to Discord and its answer, within a deadline that nothing can stretch."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec
import requests

from tracker_tui.auth.errors import DiscordUnreachable
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

LONGEST_PAUSE: Final = 86_400.0
"""Seconds for which Discord is left alone at most."""
_USUAL_PAUSE: Final = 5.0
_MOST_BYTES: Final = 256 * 1024
_REFUSED, _OF_A_PROXY, _TOO_MANY, _BROKEN = 401, 407, 429, 500
_SOMEBODY_ELSE: Final = (
    "something on the way answers in its place, a network that you have to sign in to perhaps"
)


class DiscordReply(NamedTuple):
    """A status and what came with it."""

    status: int
    content: bytes
    retry_after: str = ""
    """The header of this name."""

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object that came; empty where none did."""
        try:
            document = msgspec.json.decode(self.content)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}

    @property
    def error(self) -> str:
        """The word that OAuth has for what is wrong; empty where there is none."""
        error = self.document.get("error")
        return error if isinstance(error, str) else ""

    def said(self, secrets: Iterable[Secret]) -> str:
        """Return what was said of an error, in one line and without the secrets."""
        document = self.document
        texts = [document.get(name) for name in ("error", "error_description", "message")]
        said = ", ".join(text for text in texts if isinstance(text, str))
        for secret in secrets:
            # Before it is cut: half a secret would not be found any more.
            said = said.replace(secret.reveal(), "…")
        return one_line(said, 200)


def answer_to(method: str, url: str, seconds: float, **options: Any) -> DiscordReply:
    """Return an answer that is not about trouble; raises DiscordUnreachable.

    Redirects are not followed. `seconds` are for all of it.
    """
    try:
        answer = _exchange(method, url, seconds, options)
    except Redirected as error:
        return DiscordReply(error.status, b"")
    except DeadlineExceeded as error:
        raise unreachable("does not answer in time") from without_frames(error)
    except (RequestFailed, requests.RequestException, ValueError) as error:
        raise _unreachable_by(error) from without_frames(error)
    if answer.status == _TOO_MANY:
        pause = _pause_of(answer)
        raise unreachable(f"wants to be left alone for {math.ceil(pause)} s", pause)
    if answer.status >= _BROKEN:
        raise unreachable(f"is in trouble ({answer.status})")
    if answer.status == _OF_A_PROXY or (answer.status >= _REFUSED and is_web_page(answer.content)):
        # A proxy's answer, or the page of a network to sign in to: it says nothing of anybody.
        raise _blocked(proxy_instead_of(url, answer.status) or _SOMEBODY_ELSE)
    return answer


def _unreachable_by(error: Exception) -> DiscordUnreachable:
    if isinstance(error, RouteBlocked):
        return _blocked(str(error))
    if isinstance(error, EncryptionFailed):
        return unreachable("has no encryption that this machine trusts; check its clock")
    return unreachable("cannot be reached")


def _blocked(by: str) -> DiscordUnreachable:
    return DiscordUnreachable(f"Discord cannot be reached: {by}.")


def unreachable(told: str, retry_after: float | None = None) -> DiscordUnreachable:
    """Return an error that says what Discord does, and what to do."""
    return DiscordUnreachable(f"Discord {told}. Try again later.", retry_after)


def _exchange(method: str, url: str, seconds: float, options: dict[str, Any]) -> DiscordReply:
    with requests.Session() as session:
        BoundedAdapter(seconds=seconds, max_bytes=_MOST_BYTES).mount_on(session)
        session.headers["Accept"] = "application/json"
        response = session.request(method, url, **options)
        retry_after = response.headers.get("Retry-After", "")
        return DiscordReply(response.status_code, response.content, retry_after)


def _pause_of(answer: DiscordReply) -> float:
    """Return for how many seconds Discord wants to be left alone."""
    for told in (answer.document.get("retry_after"), answer.retry_after):
        seconds = parse_retry_after(told, LONGEST_PAUSE)
        if seconds is not None:
            return seconds
    return _USUAL_PAUSE
