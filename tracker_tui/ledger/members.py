"""Rows of one member: those under the Discord id, and old ones under a nickname of theirs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import SQL, Expression, Select, fn

from tracker_tui.db.database import Rows
from tracker_tui.db.models import User
from tracker_tui.domain.members import Members, NamedMember
from tracker_tui.ledger.expressions import display_name


def named_members() -> Select:
    """Select what `members_from` understands; its rows are those of `users`, all of them."""
    row = User
    return row.select(
        row.discord_id.cast("TEXT"), row.username.cast("TEXT"), row.custom_nickname.cast("TEXT")
    )


def members_from(rows: Rows) -> Members:
    """Return everybody who ever signed in."""
    return Members(
        NamedMember(discord_id, username or "", nickname)
        for discord_id, username, nickname in rows
        if discord_id
    )


def member_aliases(member_id: str) -> list[Any]:
    """Return what rows of a member may hold as who it was: their id, and each name that is theirs.

    A name is theirs where exactly one member has it as a nickname or a user name (data contract,
    "Values"; what `Members.owner_of` decides); where it is not, NULL stands in its place, which is
    equal to nothing. No two of them are equal.
    """
    return [
        member_id,
        _own(User.custom_nickname, member_id),
        _own(User.username, member_id, unlike=User.custom_nickname),
    ]


def _own(name: Any, member_id: str, *, unlike: Any = None) -> Select:
    namesake = User.alias("namesake")
    whose = (User.discord_id == member_id) & (name != "")
    if unlike is not None:
        whose &= unlike.is_null() | (name != unlike)
    namesakes = namesake.select(SQL("1")).where(
        (namesake.discord_id != member_id)
        & (
            (namesake.custom_nickname == name)
            | (namesake.username == name)
            | (namesake.discord_id == name)
        )
    )
    return User.select(name).where(whose & (name != User.discord_id) & ~fn.EXISTS(namesakes))


def merged(parts: Iterable[Select], limit: int) -> Select:
    """Return the newest rows of all parts; each has columns `created_at` and `place`.

    An index is of no use for several names at once, but for each of them alone it is.
    """
    all_parts: Any = None
    for part in parts:
        wrapped = Select([part.alias("part")], [SQL("*")])
        all_parts = wrapped if all_parts is None else all_parts.union_all(wrapped)
    newest_first = (SQL("created_at DESC"), SQL("place DESC"))
    source = all_parts.alias("merged")
    return Select([source], [SQL("*")]).order_by(*newest_first).limit(limit)


def is_one_of(column: Any, aliases: Iterable[Any]) -> Expression:
    """Return whether a column holds one of the writings."""
    found: Expression | None = None
    for writing in aliases:
        is_this = column == writing
        found = is_this if found is None else found | is_this
    assert found is not None  # noqa: S101 - a member has an id
    return found


def named_like(pattern: str) -> Select:
    """Select the Discord ids of members whose name has a pattern in it."""
    return User.select(User.discord_id).where(like(display_name(), pattern))


def like(text: Any, pattern: str) -> Any:
    """Return whether a text has a pattern in it, ASCII letters of either case."""
    # As a function: Peewee writes the operator as GLOB, which minds the case.
    return fn.LIKE(pattern, text)
