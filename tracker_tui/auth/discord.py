"""Discord's API, endpoint by endpoint; every unexpected answer is made legible.

Each call is one request with a deadline. Which words Discord's device flow answers with is taken
from RFC 8628: Discord's own pages name none.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, TypeVar

import msgspec
from oauthlib.oauth2 import DeviceClient

from tracker_tui.auth.discord_http import LONGEST_PAUSE, DiscordReply, answer_to, unreachable
from tracker_tui.auth.errors import CodeExpired, DiscordRejected, SignInRejected, TokenInvalid
from tracker_tui.auth.guild import Guild, is_id
from tracker_tui.auth.session import Tokens, is_token
from tracker_tui.config.settings import Secret
from tracker_tui.domain.text import one_line
from tracker_tui.turso.urls import Token

T = TypeVar("T")
SCOPE: Final = "identify guilds.members.read"
SECONDS: Final = 10.0
"""How long one request may take as a whole."""
_OK, _BAD_REQUEST, _UNAUTHORIZED, _NOT_FOUND = 200, 400, 401, 404
_LIFETIME: Final = 604_800.0
"""Seconds that Discord's access tokens last; taken where an answer does not say."""
_LONGEST_LIFETIME: Final = 366 * LONGEST_PAUSE
_LONGEST_NAME: Final = 100
_LONGEST_LINK: Final = 500
_VOID: Final = "Discord does not accept this sign-in any more."


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


class _AuthorizationAnswer(msgspec.Struct):
    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None = None
    expires_in: float = 300
    interval: float = 5


class _TokenAnswer(msgspec.Struct):
    access_token: str
    refresh_token: str | None = None
    expires_in: float | str = _LIFETIME
    scope: str = ""


class _MeAnswer(msgspec.Struct):
    id: str
    username: str
    global_name: str | None = None
    avatar: str | None = None


class _MemberAnswer(msgspec.Struct):
    roles: list[str]
    nick: str | None = None


class Discord:
    """Discord as a guild's application sees it."""

    def __init__(self, guild: Guild, seconds: float = SECONDS) -> None:
        """`seconds` is the deadline of each request."""
        self._guild = guild
        self._seconds = seconds
        secret = guild.client_secret
        self._secret = {} if secret is None else {"client_secret": secret.reveal()}
        self._credentials = {"client_id": guild.client_id, **self._secret}
        # Makes the bodies. Its URLs would hold the secret, and what it makes of an answer says
        # neither its status nor how long to wait.
        self._client = DeviceClient(guild.client_id)

    # Signing in

    def begin(self) -> DeviceCode:
        """Ask for a code; raises DiscordRejected, DiscordUnreachable."""
        began = time.monotonic()
        answer = self._post("/oauth2/device/authorize", {**self._credentials, "scope": SCOPE})
        if answer.status != _OK:
            raise self._refusal(answer, "does not let this application sign anybody in")
        found = _understood(answer, _AuthorizationAnswer)
        return DeviceCode(
            Secret(found.device_code),
            one_line(found.user_code, 40),
            _https(found.verification_uri),
            _https(found.verification_uri_complete or found.verification_uri),
            began + min(max(found.expires_in, 1.0), 3_600.0),
            min(max(found.interval, 1.0), 60.0),
        )

    def poll(self, code: DeviceCode) -> Tokens:
        """Ask whether the code was entered.

        Raises Pending while it was not, CodeExpired, SignInRejected, DiscordRejected,
        DiscordUnreachable.
        """
        body = self._client.prepare_request_body(
            code.device_code.reveal(), include_client_id=True, scope="", **self._secret
        )
        now = time.time()
        answer = self._post("/oauth2/token", body)
        if answer.status == _OK:
            return _tokens(answer, now)
        if answer.status == _BAD_REQUEST:
            error = answer.error
            if error in ("authorization_pending", "slow_down", ""):
                raise Pending(slow_down=error == "slow_down")
            if error == "expired_token":
                raise CodeExpired("The code ran out. Ask for a new one.")
            if error == "access_denied":
                raise SignInRejected("Signing in was refused in the browser.")
        raise self._refusal(answer, "does not let you in", [code.device_code])

    def refresh(self, refresh: Secret) -> Tokens:
        """Return new tokens; the old ones are void then.

        Raises TokenInvalid where Discord refuses the old one, DiscordRejected, DiscordUnreachable.
        """
        body = self._client.prepare_refresh_body(
            refresh_token=refresh.reveal(), scope="", **self._credentials
        )
        now = time.time()
        answer = self._post("/oauth2/token", body)
        if answer.status == _OK:
            return _tokens(answer, now)
        if answer.status == _BAD_REQUEST and answer.error in ("invalid_grant", "access_denied"):
            raise TokenInvalid(_VOID)
        raise self._refusal(answer, "does not prolong the sign-in", [refresh])

    def revoke(self, token: Secret) -> None:
        """Sign the application out for this person, everywhere.

        Raises DiscordRejected, DiscordUnreachable.
        """
        form = {**self._credentials, "token": token.reveal()}
        answer = self._post("/oauth2/token/revoke", form)
        if answer.status != _OK:
            raise self._refusal(answer, "does not take the sign-in back", [token])

    # Who and what

    def me(self, access: Secret) -> Person:
        """Return whose token it is; raises TokenInvalid, DiscordRejected, DiscordUnreachable."""
        answer = self._get("/users/@me", access)
        if answer.status != _OK:
            raise self._refusal(answer, "does not tell who you are", [access])
        found = _understood(answer, _MeAnswer)
        if not is_id(found.id):
            raise unreachable("named somebody without an id")
        # What is invisible on screen is no name.
        name = one_line(found.username, _LONGEST_NAME) or found.id
        return Person(found.id, name, _name(found.global_name), _avatar(found))

    def member(self, access: Secret) -> GuildMember | None:
        """Return what somebody is in the guild; None if they are not in it.

        Raises TokenInvalid, DiscordRejected, DiscordUnreachable.
        """
        answer = self._get(f"/users/@me/guilds/{self._guild.guild_id}/member", access)
        if answer.status == _NOT_FOUND:
            return None
        if answer.status != _OK:
            raise self._refusal(answer, "does not tell your roles", [access])
        found = _understood(answer, _MemberAnswer)
        return GuildMember(_name(found.nick), tuple(filter(is_id, found.roles)))

    # One request

    def _post(self, path: str, form: Mapping[str, str] | str) -> DiscordReply:
        return answer_to(
            "POST",
            self._guild.api_url + path,
            self._seconds,
            data=form,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            auth=Token(None),
        )

    def _get(self, path: str, access: Secret) -> DiscordReply:
        url = self._guild.api_url + path
        answer = answer_to("GET", url, self._seconds, auth=Token(access.reveal()))
        if answer.status == _UNAUTHORIZED:
            raise TokenInvalid(_VOID)
        return answer

    def _refusal(
        self, answer: DiscordReply, told: str, secrets: Iterable[Secret] = ()
    ) -> DiscordRejected:
        own = self._guild.client_secret
        said = answer.said([*secrets, *([] if own is None else [own])])
        if answer.error in ("invalid_client", "unauthorized_client"):
            told += (
                ". Check DISCORD_CLIENT_ID; in Discord's developer portal the application has to "
                "be a public client"
            )
        return DiscordRejected(f"Discord {told} ({answer.status}{': ' if said else ''}{said}).")


def _tokens(answer: DiscordReply, now: float) -> Tokens:
    found = _understood(answer, _TokenAnswer, "tokens")
    refresh = found.refresh_token
    if not is_token(found.access_token) or not (refresh is None or is_token(refresh)):
        raise unreachable("gave no usable tokens")
    refresh_token = None if refresh is None else Secret(refresh)
    expires_at = now + _lifetime(found.expires_in)
    return Tokens(Secret(found.access_token), refresh_token, expires_at)


def _lifetime(told: float | str) -> int:
    """Return how many whole seconds tokens last; raises DiscordUnreachable."""
    try:
        return int(min(max(float(told), 0.0), _LONGEST_LIFETIME))
    except (ValueError, OverflowError):
        raise unreachable("gave no usable tokens") from None


def _understood(answer: DiscordReply, kind: type[T], what: str = "answer") -> T:
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # Without its cause, which may quote what came.
        raise unreachable(f"gave no usable {what}") from None


def _https(link: str) -> str:
    """Return a link that may be shown and opened; raises DiscordRejected for any other."""
    is_one = link.startswith("https://") and link.isascii()
    if not is_one or one_line(link, _LONGEST_LINK) != link:
        raise DiscordRejected("Discord named a link that is not https. Nothing was opened.")
    return link


def _name(text: str | None) -> str | None:
    return (one_line(text, _LONGEST_NAME) if text else "") or None


def _avatar(found: _MeAnswer) -> str | None:
    name = found.avatar or ""
    is_one = name.isascii() and name.replace("_", "").isalnum() and len(name) <= _LONGEST_NAME
    end = "gif" if name.startswith("a_") else "png"
    return f"https://cdn.discordapp.com/avatars/{found.id}/{name}.{end}" if is_one else None
