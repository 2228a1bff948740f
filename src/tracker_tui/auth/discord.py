"""Discord's API, endpoint by endpoint; every unexpected answer is made legible.

Each call is one request with a deadline. Which words Discord's device flow answers with is taken
from RFC 8628: Discord's own pages name none.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import msgspec
import requests
from oauthlib.oauth2 import DeviceClient, OAuth2Error
from requests.auth import AuthBase

from tracker_tui import __version__
from tracker_tui.auth.errors import (
    CodeExpired,
    DiscordRefused,
    DiscordUnreachable,
    SignInRefused,
    TokenVoid,
)
from tracker_tui.auth.guild import Guild
from tracker_tui.auth.in_time import in_time
from tracker_tui.auth.session import Tokens
from tracker_tui.config import Secret
from tracker_tui.db.turso.exchange import around_proxies
from tracker_tui.domain.text import one_line

if TYPE_CHECKING:
    from requests import PreparedRequest

T = TypeVar("T")
SCOPE: Final = "identify guilds.members.read"
SECONDS: Final = 10.0
"""How long one request may take as a whole."""
_MOST_BYTES: Final = 256 * 1024
_CHUNK: Final = 16 * 1024
_OK, _BAD_REQUEST, _UNAUTHORIZED, _NOT_FOUND, _TOO_MANY, _BROKEN = 200, 400, 401, 404, 429, 500
_LIFETIME: Final = 604_800.0
"""Seconds that Discord's access tokens last; taken where an answer does not say."""
_LONGEST_PAUSE: Final = 86_400.0
_USUAL_PAUSE: Final = 5.0


class DeviceCode(NamedTuple):
    """What somebody enters in a browser, and until when."""

    device_code: Secret
    user_code: str
    link: str
    """Where to enter it; https."""
    whole_link: str
    """The same with the code in it; https."""
    expires_at: float
    """By `time.monotonic()`."""
    interval: float
    """Seconds between two polls, at least."""


class Person(NamedTuple):
    """Whose token it is."""

    id: str
    username: str
    global_name: str | None
    avatar: str | None
    """The URL of the picture."""


class GuildMember(NamedTuple):
    """What somebody is in the guild."""

    nick: str | None
    role_ids: tuple[str, ...]


class Pending(Exception):
    """Nobody has entered the code yet; `slow_down` says that Discord was asked too often."""

    def __init__(self, *, slow_down: bool = False) -> None:
        super().__init__()
        self.slow_down = slow_down


class _Authorization(msgspec.Struct):
    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None = None
    expires_in: float = 300
    interval: float = 5


class _Me(msgspec.Struct):
    id: str
    username: str
    global_name: str | None = None
    avatar: str | None = None


class _MemberAnswer(msgspec.Struct):
    roles: list[str]
    nick: str | None = None


class _Answer(NamedTuple):
    """A status and what came with it."""

    status: int
    content: bytes
    retry_after: str


class Discord:
    """Discord as a guild's application sees it."""

    def __init__(self, guild: Guild, seconds: float = SECONDS) -> None:
        self._guild = guild
        self._seconds = seconds
        secret = guild.client_secret
        self._credentials = {"client_id": guild.client_id}
        if secret is not None:
            self._credentials["client_secret"] = secret.reveal()
        self._client = DeviceClient(guild.client_id)

    # Signing in

    def begin(self) -> DeviceCode:
        """Ask for a code; raises DiscordRefused, DiscordUnreachable."""
        began = time.monotonic()
        answer = self._post("/oauth2/device/authorize", {**self._credentials, "scope": SCOPE})
        if answer.status != _OK:
            raise self._refusal(answer, "does not let this application sign anybody in")
        found = self._understood(answer, _Authorization)
        link = _https(found.verification_uri)
        return DeviceCode(
            Secret(found.device_code),
            one_line(found.user_code, 40),
            link,
            _https(found.verification_uri_complete or found.verification_uri),
            began + min(max(found.expires_in, 1.0), 3_600.0),
            min(max(found.interval, 1.0), 60.0),
        )

    def poll(self, code: DeviceCode) -> Tokens:
        """Ask whether the code was entered.

        Raises Pending while it was not, CodeExpired, SignInRefused, DiscordRefused,
        DiscordUnreachable.
        """
        body = self._client.prepare_request_body(
            code.device_code.reveal(), include_client_id=True, scope="", **self._secret_only
        )
        now = time.time()
        answer = self._post("/oauth2/token", body)
        if answer.status == _OK:
            return self._tokens(answer, now)
        error = _error_of(answer)
        if answer.status == _BAD_REQUEST:
            if error in ("authorization_pending", "slow_down", ""):
                raise Pending(slow_down=error == "slow_down")
            if error == "expired_token":
                raise CodeExpired("The code ran out. Ask for a new one.")
            if error == "access_denied":
                raise SignInRefused("Signing in was refused in the browser.")
        raise self._refusal(answer, "does not let you in", [code.device_code])

    def refresh(self, refresh: Secret) -> Tokens:
        """Return new tokens; the old ones are void then.

        Raises TokenVoid where Discord refuses the old one, DiscordRefused, DiscordUnreachable.
        """
        body = self._client.prepare_refresh_body(
            refresh_token=refresh.reveal(), scope="", **self._credentials
        )
        now = time.time()
        answer = self._post("/oauth2/token", body)
        if answer.status == _OK:
            return self._tokens(answer, now)
        if answer.status == _BAD_REQUEST and _error_of(answer) == "invalid_grant":
            raise TokenVoid("Discord does not accept this sign-in any more.")
        raise self._refusal(answer, "does not prolong the sign-in", [refresh])

    def revoke(self, token: Secret) -> None:
        """Sign the application out for this person, everywhere.

        Raises DiscordRefused, DiscordUnreachable.
        """
        form = {**self._credentials, "token": token.reveal()}
        answer = self._post("/oauth2/token/revoke", form)
        if answer.status != _OK:
            raise self._refusal(answer, "does not take the sign-in back", [token])

    # Who and what

    def me(self, access: Secret) -> Person:
        """Return whose token it is; raises TokenVoid, DiscordRefused, DiscordUnreachable."""
        answer = self._get("/users/@me", access)
        if answer.status != _OK:
            raise self._refusal(answer, "does not tell who you are", [access])
        found = self._understood(answer, _Me)
        if not found.id.isascii() or not found.id.isdigit():
            raise DiscordUnreachable("Discord named somebody without an id. Try again later.")
        return Person(
            found.id,
            one_line(found.username, 100),
            one_line(found.global_name, 100) if found.global_name else None,
            _avatar(found),
        )

    def member(self, access: Secret) -> GuildMember | None:
        """Return what somebody is in the guild; None if they are not in it.

        Raises TokenVoid, DiscordRefused, DiscordUnreachable.
        """
        answer = self._get(f"/users/@me/guilds/{self._guild.guild_id}/member", access)
        if answer.status == _NOT_FOUND:
            return None
        if answer.status != _OK:
            raise self._refusal(answer, "does not tell your roles", [access])
        found = self._understood(answer, _MemberAnswer)
        nick = one_line(found.nick, 100) if found.nick else None
        return GuildMember(nick, tuple(found.roles))

    # One request

    @property
    def _secret_only(self) -> Mapping[str, str]:
        return {k: v for k, v in self._credentials.items() if k == "client_secret"}

    def _post(self, path: str, form: Mapping[str, str] | str) -> _Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", path, {"data": form, "headers": headers, "auth": _NoAuth()})

    def _get(self, path: str, access: Secret) -> _Answer:
        answer = self._send("GET", path, {"auth": _Bearer(access)})
        if answer.status == _UNAUTHORIZED:
            raise TokenVoid("Discord does not accept this sign-in any more.")
        return answer

    def _send(self, method: str, path: str, options: dict[str, Any]) -> _Answer:
        """Return an answer that means something; raises DiscordUnreachable."""
        url = self._guild.api_url + path
        try:
            answer = in_time(lambda: self._exchange(method, url, options), self._seconds)
        except TimeoutError as error:
            raise _unreachable("does not answer in time") from error
        except requests.exceptions.SSLError as error:
            told = "has no encryption that this machine trusts; check its clock"
            raise _unreachable(told) from error
        except (requests.RequestException, OSError) as error:
            raise _unreachable("cannot be reached") from error
        if answer.status == _TOO_MANY:
            seconds = _pause_of(answer)
            raise _unreachable(f"wants to be left alone for {math.ceil(seconds)} s", seconds)
        if answer.status >= _BROKEN:
            raise _unreachable(f"is in trouble ({answer.status})")
        return answer

    def _exchange(self, method: str, url: str, options: dict[str, Any]) -> _Answer:
        with requests.Session() as session:
            session.headers["User-Agent"] = f"tracker-tui/{__version__}"
            session.headers["Accept"] = "application/json"
            with session.request(
                method,
                url,
                allow_redirects=False,
                stream=True,
                timeout=self._seconds,
                proxies=around_proxies(url),
                **options,
            ) as response:
                content = bytearray()
                for chunk in response.iter_content(_CHUNK):
                    content += chunk
                    if len(content) > _MOST_BYTES:
                        raise requests.exceptions.ContentDecodingError("far too long")
                return _Answer(
                    response.status_code, bytes(content), response.headers.get("Retry-After", "")
                )

    # Answers

    def _tokens(self, answer: _Answer, now: float) -> Tokens:
        try:
            token = self._client.parse_request_body_response(answer.content.decode("utf-8"))
            refresh = token.get("refresh_token")
            lifetime = float(token.get("expires_in") or _LIFETIME)
            access = token["access_token"]
            is_usable = _is_token(access) and (refresh is None or _is_token(refresh))
        except (OAuth2Error, ValueError, TypeError, AttributeError, LookupError) as error:
            # Without its cause, which may quote the tokens.
            raise _unreachable(f"gave no usable tokens ({type(error).__name__})") from None
        if not is_usable:
            raise _unreachable("gave no usable tokens")
        lifetime = min(max(lifetime, 0.0), 366 * _LONGEST_PAUSE)
        return Tokens(Secret(access), Secret(refresh) if refresh else None, now + lifetime)

    def _understood(self, answer: _Answer, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise _unreachable("gave no usable answer") from None

    def _refusal(
        self, answer: _Answer, told: str, secrets: Iterable[Secret] = ()
    ) -> DiscordRefused:
        said = _said(answer)
        for secret in (*secrets, *filter(None, [self._guild.client_secret])):
            said = said.replace(secret.reveal(), "…")
        if _error_of(answer) in ("invalid_client", "unauthorized_client"):
            told += (
                ". Check DISCORD_CLIENT_ID; in Discord's developer portal the application has to "
                "be a public client"
            )
        return DiscordRefused(f"Discord {told} ({answer.status}{': ' if said else ''}{said}).")


class _Bearer(AuthBase):
    """A token in the header: a `~/.netrc` entry would replace a plain one."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


class _NoAuth(AuthBase):
    """Nothing at all, whatever a `~/.netrc` holds."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        return request


def _unreachable(told: str, retry_after: float | None = None) -> DiscordUnreachable:
    return DiscordUnreachable(f"Discord {told}. Try again later.", retry_after)


def _pause_of(answer: _Answer) -> float:
    """Return for how many seconds Discord wants to be left alone."""
    document = _document(answer)
    for told in (document.get("retry_after"), answer.retry_after):
        seconds = _number(told)
        if seconds is not None:
            return seconds
    return _USUAL_PAUSE


def _number(told: object) -> float | None:
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        seconds = float(told)
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_PAUSE) if math.isfinite(seconds) else None


def _document(answer: _Answer) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(answer.content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _error_of(answer: _Answer) -> str:
    error = _document(answer).get("error")
    return error if isinstance(error, str) else ""


def _said(answer: _Answer) -> str:
    document = _document(answer)
    texts = [document.get(name) for name in ("error", "error_description", "message")]
    return one_line(", ".join(text for text in texts if isinstance(text, str)), 200)


def _https(link: str) -> str:
    """Return a link that may be shown and opened; raises DiscordRefused for any other."""
    if not link.startswith("https://") or not link.isascii() or not link.isprintable():
        raise DiscordRefused("Discord named a link that is not https. Nothing was opened.")
    return one_line(link, 200)


def _is_token(text: object) -> bool:
    return isinstance(text, str) and text.isascii() and text.isprintable() and " " not in text


def _avatar(found: _Me) -> str | None:
    name = found.avatar
    if not name or not name.replace("_", "").isalnum() or not name.isascii():
        return None
    end = "gif" if name.startswith("a_") else "png"
    return f"https://cdn.discordapp.com/avatars/{found.id}/{name}.{end}"
