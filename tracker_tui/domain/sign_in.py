"""The record of a sign-in in the shared database (data contract, "Signing in")."""

from __future__ import annotations

from typing import NamedTuple


class SignInRecord(NamedTuple):
    """A member who may enter, and one session of theirs.

    Other programs read it; this one never takes rights from it.
    """

    session_id: str
    """Primary key of its row in `user_sessions`."""
    discord_id: str
    username: str
    avatar: str | None
    nickname: str
    """Server nickname, else global display name, else user name."""
    role_ids: tuple[str, ...]
    is_new: bool
    """Whether this is the sign-in itself; otherwise roles were checked again."""
