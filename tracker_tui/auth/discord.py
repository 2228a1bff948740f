"""Discord's API: sign-in codes, tokens, the user, and what they are in the guild.

    discord = Discord(guild)
    code = discord.request_code()
    tokens = discord.poll(code)                # raises Pending until the code was entered
    member = discord.member(tokens.access)     # None: not in the guild

Each method sends one request with a deadline, and checks all that comes back: types, lengths and
links. Polling, refreshing and bearer requests go through requests-oauthlib. It has no method for
the device authorization request and for revoking, so those are plain posts of the same session.

The error codes of the device flow are those of RFC 8628: Discord's own pages name none.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec
import requests
from oauthlib.oauth2 import OAuth2Error

from tracker_tui.auth.discord_errors import (
    CodeExpired,
    DiscordError,
    DiscordRejected,
    Pending,
    SignInRejected,
    TokenInvalid,
)
from tracker_tui.auth.discord_session import MAX_PAUSE, DiscordReply, DiscordSession, unreachable
from tracker_tui.auth.guild_config import Guild, is_id
from tracker_tui.auth.session import Tokens, is_token
from tracker_tui.config.settings import Secret
from tracker_tui.domain.text import one_line
from tracker_tui.net.errors import without_frames

T = TypeVar("T")
SCOPE: Final = "identify guilds.members.read"
SECONDS: Final = 10.0
"""Deadline of one request."""
_OK, _BAD_REQUEST, _UNAUTHORIZED, _NOT_FOUND = 200, 400, 401, 404
_DEFAULT_LIFETIME: Final = 604_800.0
"""Seconds that an access token lasts if Discord does not say."""
_MAX_LIFETIME: Final = 366 * MAX_PAUSE
_MAX_NAME: Final = 100
_MAX_LINK: Final = 500
_INVALID: Final = "Discord does not accept this sign-in any more."


@dataclass(frozen=True, kw_only=True)
class DeviceCode:
    """A code to enter in a browser."""

    device_code: Secret
    user_code: str
    link: str
    """The page to enter the code on; https."""
    link_with_code: str
    """The same page with the code filled in; https."""
    expires_at: float
    """By `time.monotonic()`."""
    interval: float
    """The shortest time between two polls, in seconds."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """The user that an access token belongs to."""

    id: str
    username: str
    global_name: str | None
    avatar: str | None
    """The URL of the picture."""


@dataclass(frozen=True, kw_only=True)
class GuildMember:
    """Nickname and roles in the guild."""

    nick: str | None
    role_ids: tuple[str, ...]


class _CodeReply(msgspec.Struct):
    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None = None
    expires_in: float = 300
    interval: float = 5


class _TokenReply(msgspec.Struct):
    access_token: str
    refresh_token: str | None = None
    expires_in: float | str = _DEFAULT_LIFETIME
    scope: str = ""


class _UserReply(msgspec.Struct):
    id: str
    username: str
    global_name: str | None = None
    avatar: str | None = None


class _MemberReply(msgspec.Struct):
    roles: list[str]
    nick: str | None = None


class Discord:
    """Discord, as the application of one guild."""

    def __init__(self, guild: Guild, seconds: float = SECONDS) -> None:
        self._guild = guild
        self._seconds = seconds
        self._credentials: dict[str, Any] = {"client_id": guild.client_id}
        if guild.client_secret is not None:
            self._credentials["client_secret"] = guild.client_secret.reveal()

    # Signing in

    def request_code(self) -> DeviceCode:
        """Return a new sign-in code; raises DiscordRejected, DiscordUnreachable."""
        began = time.monotonic()
        reply = self._post("/oauth2/device/authorize", scope=SCOPE)
        if reply.status != _OK:
            raise self._rejected(reply, "does not let this application sign members in")
        found = _decode(reply, _CodeReply)
        return DeviceCode(
            device_code=Secret(found.device_code),
            user_code=one_line(found.user_code, 40),
            link=_https(found.verification_uri),
            link_with_code=_https(found.verification_uri_complete or found.verification_uri),
            expires_at=began + min(max(found.expires_in, 1.0), 3_600.0),
            interval=min(max(found.interval, 1.0), 60.0),
        )

    def poll(self, code: DeviceCode) -> Tokens:
        """Return the tokens for a code that was entered.

        Raises Pending until then, CodeExpired, SignInRejected, DiscordRejected, DiscordUnreachable.
        """

        def error(reply: DiscordReply) -> Exception:
            if reply.status == _BAD_REQUEST:
                match reply.error:
                    case "authorization_pending" | "slow_down" | "":
                        return Pending(slow_down=reply.error == "slow_down")
                    case "expired_token":
                        return CodeExpired("The code expired. Ask for a new one.")
                    case "access_denied":
                        return SignInRejected("The sign-in was declined in the browser.")
            return self._rejected(reply, "does not let you in", code.device_code)

        def fetch(session: DiscordSession, url: str) -> None:
            session.fetch_token(
                url,
                device_code=code.device_code.reveal(),
                include_client_id=True,  # in the body; otherwise in an HTTP Basic header
                client_secret=self._credentials.get("client_secret"),
            )

        return self._fetch_tokens(fetch, error)

    def refresh(self, refresh: Secret) -> Tokens:
        """Exchange a refresh token for new tokens; the old ones become invalid.

        Raises TokenInvalid, DiscordRejected, DiscordUnreachable.
        """

        def error(reply: DiscordReply) -> Exception:
            if reply.status == _BAD_REQUEST and reply.error in ("invalid_grant", "access_denied"):
                return TokenInvalid(_INVALID)
            return self._rejected(reply, "did not renew the sign-in", refresh)

        def fetch(session: DiscordSession, url: str) -> None:
            session.refresh_token(url, refresh_token=refresh.reveal(), **self._credentials)

        return self._fetch_tokens(fetch, error)

    def revoke(self, token: Secret) -> None:
        """Sign the application out for this user, on all machines.

        Raises DiscordRejected, DiscordUnreachable.
        """
        reply = self._post("/oauth2/token/revoke", token=token)
        if reply.status != _OK:
            raise self._rejected(reply, "did not revoke the sign-in", token)

    # The user

    def me(self, access: Secret) -> Person:
        """Return the user of a token; raises TokenInvalid, DiscordRejected, DiscordUnreachable."""
        reply = self._get("/users/@me", access)
        if reply.status != _OK:
            raise self._rejected(reply, "did not say who you are", access)
        found = _decode(reply, _UserReply)
        if not is_id(found.id):
            raise unreachable("sent a user without an id")
        return Person(
            id=found.id,
            # A name of invisible characters is no name.
            username=one_line(found.username, _MAX_NAME) or found.id,
            global_name=_name(found.global_name),
            avatar=_avatar_url(found),
        )

    def member(self, access: Secret) -> GuildMember | None:
        """Return nickname and roles in the guild; None for users who are not in it.

        Raises TokenInvalid, DiscordRejected, DiscordUnreachable.
        """
        reply = self._get(f"/users/@me/guilds/{self._guild.guild_id}/member", access)
        if reply.status == _NOT_FOUND:
            return None
        if reply.status != _OK:
            raise self._rejected(reply, "did not say which roles you have", access)
        found = _decode(reply, _MemberReply)
        return GuildMember(nick=_name(found.nick), role_ids=tuple(filter(is_id, found.roles)))

    # One request

    def _fetch_tokens(
        self,
        fetch: Callable[[DiscordSession, str], None],
        error: Callable[[DiscordReply], Exception],
    ) -> Tokens:
        """Run a token request of the session; `error` makes the exception for a failed one."""
        began = time.time()
        found: list[Tokens] = []

        def check_reply(response: requests.Response) -> requests.Response:
            # Before oauthlib parses the body: it ignores the status, and checks few types.
            reply = DiscordReply.of(response)
            if reply.status != _OK:
                raise error(reply)
            found.append(_tokens(reply, began))
            return response

        def run(session: DiscordSession) -> None:
            session.register_compliance_hook("access_token_response", check_reply)
            session.register_compliance_hook("refresh_token_response", check_reply)
            try:
                fetch(session, f"{self._guild.api_url}/oauth2/token")
            except (OAuth2Error, ValueError, TypeError):
                # oauthlib parses the body once more. Accepted tokens must not be lost: a refresh
                # has already made the old ones invalid.
                if not found:
                    raise

        self._run(run)
        return found[0]

    def _post(self, path: str, **form: str | Secret) -> DiscordReply:
        def send(session: DiscordSession) -> requests.Response:
            fields = {k: v.reveal() if isinstance(v, Secret) else v for k, v in form.items()}
            return session.post(self._guild.api_url + path, data=self._credentials | fields)

        return DiscordReply.of(self._run(send))

    def _get(self, path: str, access: Secret) -> DiscordReply:
        url = self._guild.api_url + path
        reply = DiscordReply.of(self._run(lambda session: session.get(url), access))
        if reply.status == _UNAUTHORIZED:
            raise TokenInvalid(_INVALID)
        return reply

    def _run(self, send: Callable[[DiscordSession], T], access: Secret | None = None) -> T:
        """Send one request; raises Pending and DiscordError, without frames that hold tokens."""
        with DiscordSession(self._guild, self._seconds, access) as session:
            try:
                return send(session)
            except (Pending, DiscordError) as error:
                raise without_frames(error) from error.__cause__
            except requests.RequestException as error:
                raise unreachable("cannot be reached") from without_frames(error)
            except (OAuth2Error, ValueError, TypeError, RecursionError):
                # oauthlib could not parse the body. Its error may quote it.
                raise unreachable("gave no usable tokens") from None

    def _rejected(
        self, reply: DiscordReply, problem: str, secret: Secret | None = None
    ) -> DiscordRejected:
        message = reply.message(secret, self._guild.client_secret)
        if reply.error in ("invalid_client", "unauthorized_client"):
            problem += (
                ". Check DISCORD_CLIENT_ID; in Discord's developer portal the application has to "
                "be a public client"
            )
        details = f"{reply.status}: {message}" if message else f"{reply.status}"
        return DiscordRejected(f"Discord {problem} ({details}).")


def _tokens(reply: DiscordReply, began: float) -> Tokens:
    found = _decode(reply, _TokenReply, "tokens")
    refresh = found.refresh_token
    if not is_token(found.access_token) or not (refresh is None or is_token(refresh)):
        raise unreachable("gave no usable tokens")
    return Tokens(
        access=Secret(found.access_token),
        refresh=None if refresh is None else Secret(refresh),
        expires_at=began + _lifetime(found.expires_in),
    )


def _lifetime(value: float | str) -> int:
    """Return the lifetime of a token in whole seconds; raises DiscordUnreachable."""
    try:
        return int(min(max(float(value), 0.0), _MAX_LIFETIME))
    except (ValueError, OverflowError):
        raise unreachable("gave no usable tokens") from None


def _decode(reply: DiscordReply, kind: type[T], what: str = "answer") -> T:
    try:
        return msgspec.json.decode(reply.content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # Without the cause, which may quote the body.
        raise unreachable(f"gave no usable {what}") from None


def _https(link: str) -> str:
    """Return a link that is safe to show and to open; raises DiscordRejected for others."""
    is_https = link.startswith("https://") and link.isascii()
    if not is_https or one_line(link, _MAX_LINK) != link:
        raise DiscordRejected("Discord named a link that is not https. Nothing was opened.")
    return link


def _name(text: str | None) -> str | None:
    return (one_line(text, _MAX_NAME) if text else "") or None


def _avatar_url(found: _UserReply) -> str | None:
    name = found.avatar or ""
    is_name = name.isascii() and name.replace("_", "").isalnum() and len(name) <= _MAX_NAME
    extension = "gif" if name.startswith("a_") else "png"
    url = f"https://cdn.discordapp.com/avatars/{found.id}/{name}.{extension}"
    return url if is_name else None
