"""Whom a text in the shared tables means (data contract, "Values": who)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple


class NamedMember(NamedTuple):
    """What a row of `users` says of names."""

    discord_id: str
    username: str
    nickname: str | None

    @property
    def name(self) -> str:
        """What to call the member."""
        return self.nickname or self.username


class Members:
    """Everybody who ever signed in; old rows of other tables hold a nickname instead of an id."""

    def __init__(self, members: Iterable[NamedMember]) -> None:
        self._names: dict[str, str] = {}
        called: Counter[str] = Counter()
        owners: dict[str, str] = {}
        for member in members:
            self._names[member.discord_id] = member.name
            for text in {member.username, member.nickname} - {None, ""}:
                called[str(text)] += 1
                owners[str(text)] = member.discord_id
        self._owners = {text: owner for text, owner in owners.items() if called[text] == 1}

    def owner_of(self, text: str) -> str:
        """Return the Discord id that is meant: by itself, or as the name of exactly one member."""
        return text if text in self._names else self._owners.get(text, text)

    def name_of(self, user_id: str) -> str:
        """Return what to call somebody; who is unknown is called what the row says."""
        return self._names.get(user_id) or user_id
