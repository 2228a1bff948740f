"""The state and the answers of the pretended Discord: codes, tokens, one person, one guild."""

from __future__ import annotations

import json
import re
import secrets
import string
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

CLIENT_ID = "112233445566778899"
GUILD_ID = "998877665544332211"

SCOPE = "identify guilds.members.read"
ACTIVATE = "https://discord.com/activate"
FORM = "application/x-www-form-urlencoded"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass
class Person:
    """A Discord user."""

    id: str = "80351110224678912"
    username: str = "paul"
    global_name: str | None = "Paul Atreides"
    avatar: str | None = None


@dataclass
class Membership:
    """The person's membership of the guild."""

    nick: str | None = "Muad'Dib"
    roles: list[str] = field(
        default_factory=lambda: ["223344556677889900", "334455667788990011"],
    )


class Seen(NamedTuple):
    """A received request: the path below the base, header names in lower case."""

    method: str
    path: str
    form: dict[str, str]
    headers: dict[str, str]
    query: dict[str, str]
    at: float
    """By `time.monotonic()`."""


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass
class Code:
    """A sign-in code: the player types the user code, the program polls."""

    user_code: str
    scope: str
    expires_at: float
    person: Person | None = None
    """The person who approved it."""
    is_denied: bool = False


class Grant(NamedTuple):
    """The rights of a valid token."""

    person: Person
    scope: str
    expires_at: float


@dataclass(kw_only=True, eq=False)
class DiscordAnswers:
    """Discord without the server around it."""

    client_id: str = CLIENT_ID
    client_secret: str | None = None
    """None: a public client."""
    guild_id: str = GUILD_ID
    person: Person = field(default_factory=Person)
    """The person who approves codes."""
    membership: Membership | None = field(default_factory=Membership)
    """None: the person has left the guild."""
    interval: int = 5
    expires_in: int = 300
    token_lifetime: int = 604800
    approves_at_once: bool = False
    issued: list[str] = field(default_factory=list, init=False)
    """All secrets so far: device codes, access tokens and refresh tokens."""
    _slow_downs: int = field(default=0, init=False, repr=False)
    _codes: dict[str, Code] = field(default_factory=dict, init=False, repr=False)
    _access: dict[str, Grant] = field(default_factory=dict, init=False, repr=False)
    _refresh: dict[str, Grant] = field(default_factory=dict, init=False, repr=False)
    # A test and a request may run at the same time.
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)

    # For tests

    def approve(self, user_code: str | None = None) -> None:
        """Approve a code (default: the newest)."""
        self._code(user_code).person = self.person

    def deny(self, user_code: str | None = None) -> None:
        self._code(user_code).is_denied = True

    def expire(self, user_code: str | None = None) -> None:
        """Expire a code (default: the newest) now."""
        self._code(user_code).expires_at = time.monotonic()

    def slow_down_next(self, n: int = 1) -> None:
        """Answer the next `n` polls with `slow_down`."""
        self._slow_downs = n

    def revoke(self) -> None:
        """Revoke the program's access: all tokens are invalid."""
        self._access.clear()
        self._refresh.clear()

    def expire_access(self) -> None:
        """Expire all access tokens; refreshing still works."""
        self._access.clear()

    def grant(self) -> dict[str, Any]:
        """Return new tokens as `/oauth2/token` would, without the flow."""
        with self._lock:
            return self._new_tokens(self.person, SCOPE)

    # For requests

    def answer(self, asked: Seen) -> Answer:
        """Carry out a request; return the answer."""
        method, carry_out = self._route(asked.path)
        if carry_out is None:
            return not_found()
        if asked.method != method:
            return as_json(405, {"message": "405: Method Not Allowed", "code": 0})
        with self._lock:
            return carry_out(asked)

    def _route(self, path: str) -> tuple[str, Callable[[Seen], Answer] | None]:
        posts = {
            "/oauth2/device/authorize": self._authorize,
            "/oauth2/token": self._token,
            "/oauth2/token/revoke": self._revoke_token,
        }
        if path in posts:
            return "POST", lambda asked: self._checked(asked) or posts[path](asked.form)
        if path == "/users/@me":
            return "GET", self._me
        if re.fullmatch(r"/users/@me/guilds/[^/]+/member", path):
            return "GET", self._member
        return "", None

    def _checked(self, asked: Seen) -> Answer | None:
        """Return an error for a malformed form or another client."""
        if media_type(asked.headers) != FORM:
            message = "The request body contains invalid form data."
            return as_json(400, {"message": message, "code": 50035})
        secret = asked.form.get("client_secret")
        is_ours = asked.form.get("client_id") == self.client_id
        is_ours = is_ours and self.client_secret in (None, secret)
        return None if is_ours else as_json(401, {"error": "invalid_client"})

    def _authorize(self, form: dict[str, str]) -> Answer:
        if not form.get("scope"):
            return refusal("invalid_scope")
        user_code = new_user_code()
        device_code = self._new_secret("device-")
        code = Code(user_code, form["scope"], time.monotonic() + self.expires_in)
        if self.approves_at_once:
            code.person = self.person
        self._codes[device_code] = code
        handed_out = {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": ACTIVATE,
            "verification_uri_complete": f"{ACTIVATE}?user_code={user_code}",
            "expires_in": self.expires_in,
            "interval": self.interval,
        }
        return as_json(200, handed_out)

    def _token(self, form: dict[str, str]) -> Answer:
        match form.get("grant_type"):
            case "refresh_token":
                return self._refreshed(form.get("refresh_token", ""))
            case grant_type if grant_type == DEVICE_CODE:
                return self._poll(form.get("device_code", ""))
            case None:
                return refusal("invalid_request")
        return refusal("unsupported_grant_type")

    def _poll(self, device_code: str) -> Answer:
        code = self._codes.get(device_code)
        if code is None:
            return refusal("invalid_grant")
        if self._slow_downs:
            self._slow_downs -= 1
            return refusal("slow_down")
        if time.monotonic() >= code.expires_at:
            return refusal("expired_token")
        if code.is_denied:
            return refusal("access_denied")
        if code.person is None:
            return refusal("authorization_pending")
        # A code is valid once.
        del self._codes[device_code]
        return as_json(200, self._new_tokens(code.person, code.scope))

    def _refreshed(self, refresh_token: str) -> Answer:
        old = self._refresh.pop(refresh_token, None)
        if old is None:
            return refusal("invalid_grant")
        return as_json(200, self._new_tokens(old.person, old.scope))

    def _revoke_token(self, form: dict[str, str]) -> Answer:
        token = form.get("token")
        if not token:
            return refusal("invalid_request")
        grant = self._live_access(token) or self._refresh.get(token)
        # RFC 7009: revoking an invalid token is no error.
        if grant is not None:
            gone = grant.person.id
            self._access = {t: g for t, g in self._access.items() if g.person.id != gone}
            self._refresh = {t: g for t, g in self._refresh.items() if g.person.id != gone}
        return as_json(200, {})

    def _me(self, asked: Seen) -> Answer:
        person = self._bearer(asked)
        return unauthorized() if person is None else as_json(200, public_part(person))

    def _member(self, asked: Seen) -> Answer:
        person = self._bearer(asked)
        if person is None:
            return unauthorized()
        if asked.path.split("/")[4] != self.guild_id or self.membership is None:
            return as_json(404, {"message": "Unknown Guild", "code": 10004})
        joined_at = "2025-06-10T17:40:21.123000+00:00"
        user = public_part(person)
        return as_json(200, {**asdict(self.membership), "joined_at": joined_at, "user": user})

    def _bearer(self, asked: Seen) -> Person | None:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        grant = self._live_access(token) if scheme.lower() == "bearer" else None
        if grant is None:
            return None
        # Current data: names and avatars change during the life of a token.
        return self.person if self.person.id == grant.person.id else grant.person

    def _live_access(self, token: str) -> Grant | None:
        grant = self._access.get(token)
        return None if grant is None or time.monotonic() >= grant.expires_at else grant

    def _code(self, user_code: str | None) -> Code:
        codes = [c for c in self._codes.values() if user_code in (None, c.user_code)]
        assert codes, f"no such code is pending: {user_code or 'none at all'}"
        return codes[-1]

    def _new_tokens(self, person: Person, scope: str) -> dict[str, Any]:
        access_token, refresh_token = self._new_secret("access-"), self._new_secret("refresh-")
        grant = Grant(person, scope, time.monotonic() + self.token_lifetime)
        self._access[access_token] = self._refresh[refresh_token] = grant
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": self.token_lifetime,
            "refresh_token": refresh_token,
            "scope": scope,
        }

    def _new_secret(self, prefix: str) -> str:
        secret = prefix + secrets.token_urlsafe(24)
        self.issued.append(secret)
        return secret


def as_json(status: int, value: object, headers: Mapping[str, str] | None = None) -> Answer:
    body = json.dumps(value).encode()
    return Answer(status, body, {"Content-Type": "application/json", **(headers or {})})


def refusal(error: str) -> Answer:
    return as_json(400, {"error": error})


def unauthorized() -> Answer:
    return as_json(401, {"message": "401: Unauthorized", "code": 0})


def not_found() -> Answer:
    return as_json(404, {"message": "404: Not Found", "code": 0})


def public_part(person: Person) -> dict[str, Any]:
    """Return a user as Discord sends it, with fields that the program ignores."""
    return {**asdict(person), "discriminator": "0", "public_flags": 0, "banner": None}


def new_user_code() -> str:
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(8))


def media_type(headers: Mapping[str, str]) -> str:
    """Return the media type without parameters such as the charset."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()
