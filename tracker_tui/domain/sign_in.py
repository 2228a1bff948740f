"""What the shared database is told of a sign-in (data contract, "Signing in")."""

from __future__ import annotations

from typing import NamedTuple


class SignInRecord(NamedTuple):
    """A member, and one local session of theirs; a record for others, never where rights are from.

    Only of people who may enter.
    """

    session_id: str
    """The key of its row in `user_sessions`."""
    discord_id: str
    username: str
    avatar: str | None
    nickname: str
    """Server nickname, else global display name, else user name."""
    role_ids: tuple[str, ...]
    is_new: bool
    """Whether this is the sign-in itself: else roles were checked, and nobody logged in."""
