"""The session: who is signed in on this machine, and what Discord last said of them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from tracker_tui.auth.guild import Guild
from tracker_tui.config.settings import Secret
from tracker_tui.domain.text import one_line
from tracker_tui.errors import LocalFileDamaged

_VERSION: Final = 1
_LONGEST: Final = 200
_TOKEN: Final = re.compile(r"[!-~]{1,4000}")
_GARBAGE: Final = (
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError),
)


class Binding(NamedTuple):
    """What a session was made with; its tokens are never sent elsewhere."""

    api_url: str
    client_id: str
    guild_id: str

    @classmethod
    def of(cls, guild: Guild) -> Binding:
        """Return what a session of a guild is bound to."""
        return cls(guild.api_url, guild.client_id, guild.guild_id)


class Tokens(NamedTuple):
    """What Discord accepts as somebody."""

    access: Secret
    refresh: Secret | None
    expires_at: float
    """When the access token runs out, in Unix seconds by this machine's clock."""


class Session(NamedTuple):
    """One local session; its tokens are kept beside it, and never in it."""

    binding: Binding
    member_id: str
    """The Discord id."""
    username: str
    name: str
    """Server nickname, else global display name, else user name."""
    avatar: str | None
    """The URL of the picture."""
    role_ids: tuple[str, ...]
    is_in_guild: bool
    checked_at: float
    """When Discord last said all this, in Unix seconds by this machine's clock."""
    tokens_until: float
    """When the access token runs out, in Unix seconds by this machine's clock."""
    row_id: str
    """The id of its row in `user_sessions`."""
    is_new: bool = True
    """Whether the database was never told of this sign-in."""
    is_recorded: bool = False
    """Whether the database was told what Discord last said."""
    seen_at: float = 0.0
    """The latest time that this machine's clock has shown since, in Unix seconds."""


def document_of(session: Session) -> dict[str, Any]:
    """Return what `session_from` understands."""
    fields = session._asdict() | {"binding": session.binding._asdict(), "version": _VERSION}
    return fields | {"role_ids": list(session.role_ids)}


def session_from(content: bytes) -> tuple[Session, Mapping[str, Any]]:
    """Return a session and its whole document; raises LocalFileDamaged."""
    try:
        document = json.loads(content)
        _version(document.pop("version"))
        binding = Binding(**{name: _text(document["binding"][name]) for name in Binding._fields})
        session = Session(
            binding,
            _text(document["member_id"]),
            _text(document["username"]),
            _text(document["name"]),
            None if document["avatar"] is None else _text(document["avatar"]),
            _texts(document["role_ids"]),
            document["is_in_guild"] is True,
            _time(document["checked_at"]),
            _time(document["tokens_until"]),
            _text(document["row_id"]),
            document["is_new"] is True,
            document["is_recorded"] is True,
            # Earlier versions neither write nor miss it.
            _time(document.get("seen_at", 0.0)),
        )
    except _GARBAGE as error:
        raise LocalFileDamaged("The session that is kept on this machine is damaged.") from error
    return session, document


def is_token(text: object) -> bool:
    """Whether something can be sent as a token."""
    return isinstance(text, str) and _TOKEN.fullmatch(text) is not None


def _version(value: object) -> None:
    if value != _VERSION:
        raise ValueError("another version")


def _text(value: object) -> str:
    if not isinstance(value, str) or one_line(value, _LONGEST) != value or not value:
        raise ValueError("no text of ours")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return tuple(map(_text, value))


def _time(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("no time")
    return float(value)
