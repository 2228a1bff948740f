"""Members by their Discord ids, and by the nicknames that old rows hold instead.

    members.owner_of("Paul")     "4711", if exactly one member has that name
    members.name_of("4711")      "Paul"

A `SignInRecord` is what the shared database learns of a member who signs in. Data contract,
"Values": who, and "Signing in".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple


class NamedMember(NamedTuple):
    """The names in one row of `users`."""

    discord_id: str
    username: str
    nickname: str | None

    @property
    def name(self) -> str:
        """The name to display."""
        return self.nickname or self.username


class Members:
    """Everybody who ever signed in."""

    def __init__(self, members: Iterable[NamedMember]) -> None:
        self._names: dict[str, str] = {}
        uses: Counter[str] = Counter()
        owners: dict[str, str] = {}
        for member in members:
            self._names[member.discord_id] = member.name
            for text in {member.username, member.nickname} - {None, ""}:
                uses[str(text)] += 1
                owners[str(text)] = member.discord_id
        self._owners = {text: owner for text, owner in owners.items() if uses[text] == 1}

    def owner_of(self, text: str) -> str:
        """Return the Discord id behind an id or a name; `text` itself if it isn't unique."""
        return text if text in self._names else self._owners.get(text, text)

    def name_of(self, user_id: str) -> str:
        """Return the name to display for an id; an unknown id is displayed as it is."""
        return self._names.get(user_id) or user_id


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
