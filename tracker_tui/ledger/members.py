"""Members in SQL: what they are called, which rows are theirs, and the record of their sign-in.

Rows name a member by Discord id, old rows by the nickname of that day (data contract, "Values"). So
each query for the rows of one member asks for several aliases:

    member_aliases("4711")     "4711", and "Paul" if no other member is called Paul
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from peewee import SQL, BaseQuery, Expression, Model, Node, Select, Value, fn

from tracker_tui.db.database import TEXT_OR_NULL, Rows, RowType
from tracker_tui.db.models import User, UserSession
from tracker_tui.domain.members import Members, NamedMember, SignInRecord

_NAMES: Final = RowType(TEXT_OR_NULL, TEXT_OR_NULL)


# Names


def display_name() -> Any:
    """Return the name to show for a row of `users`."""
    return fn.COALESCE(fn.NULLIF(User.custom_nickname, ""), User.username)


def member_names() -> Select:
    """Return the query for `names_from`: the id and name of everybody who ever signed in."""
    return User.select(User.discord_id.cast("TEXT"), display_name().cast("TEXT"))


def names_from(rows: Rows) -> dict[str, str]:
    """Return the names of members by Discord id; raises AnswerLost."""
    return {discord_id: name for discord_id, name in _NAMES.checked(rows) if discord_id and name}


def named_members() -> Select:
    """Return the query for `members_from`: all names in `users`."""
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


def named_like(pattern: str) -> Select:
    """Select the Discord ids of members whose name matches a LIKE pattern."""
    return User.select(User.discord_id).where(like(display_name(), pattern))


def like(text: Any, pattern: str) -> Any:
    """Return whether a text matches a LIKE pattern; the case of ASCII letters does not matter."""
    # As a function: Peewee writes the operator as GLOB, which is case-sensitive.
    return fn.LIKE(pattern, text)


# Rows of one member


def member_aliases(member_id: str) -> list[Any]:
    """Return the values that mark a row as a member's: their id, and each name that is theirs.

    A name is theirs if exactly one member has it as a nickname or a user name, as
    `Members.owner_of` decides. Otherwise NULL takes its place, which equals nothing. All aliases
    differ from each other.
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


def is_one_of(column: Any, aliases: Iterable[Any]) -> Expression:
    """Return whether a column holds one of a member's aliases."""
    found: Expression | None = None
    for alias in aliases:
        is_this = column == alias
        found = is_this if found is None else found | is_this
    assert found is not None  # noqa: S101 - a member has an id
    return found


def merged(parts: Iterable[Select], limit: int) -> Select:
    """Return the newest rows of all parts, each of which selects `created_at` and `place`.

    With one part for each alias SQLite uses an index; with `IN` over all aliases it does not.
    """
    all_parts: Any = None
    for part in parts:
        wrapped = Select([part.alias("part")], [SQL("*")])
        all_parts = wrapped if all_parts is None else all_parts.union_all(wrapped)
    newest_first = (SQL("created_at DESC"), SQL("place DESC"))
    source = all_parts.alias("merged")
    return Select([source], [SQL("*")]).order_by(*newest_first).limit(limit)


# The record of a sign-in


def recording(record: SignInRecord, user_id: str, now: Node) -> list[BaseQuery]:
    """Return the queries that write a sign-in to `users` and `user_sessions`.

    `user_id` becomes the id of a new member's row. The queries need no unique index, and running
    them twice does no harm (data contract, "Signing in").
    """
    return [*_user_queries(record, user_id, now), *_session_queries(record, now)]


def _user_queries(record: SignInRecord, user_id: str, now: Node) -> list[BaseQuery]:
    is_this = User.discord_id == record.discord_id
    known: dict[Any, Any] = {
        User.username: record.username,
        User.avatar: record.avatar,
        User.custom_nickname: record.nickname,
    }
    if record.is_new:
        known[User.last_login] = now
    new_row = {
        User.id: user_id,
        User.discord_id: record.discord_id,
        **known,
        User.created_at: now,
        User.last_login: now,
    }
    found = User.select(User.id).where(is_this)
    return [User.update(known).where(is_this), _insert_unless(User, new_row, found)]


def _session_queries(record: SignInRecord, now: Node) -> list[BaseQuery]:
    row, is_this = UserSession, UserSession.id == record.session_id
    roles = json.dumps(list(record.role_ids))
    users = User.select(User.id).where(User.discord_id == record.discord_id)
    new_row = {
        row.id: record.session_id,
        row.user: users.order_by(User.created_at, User.id).limit(1),
        row.roles: roles,
        row.is_in_guild: 1,
        row.created_at: now,
    }
    return [
        row.update({row.roles: roles, row.is_in_guild: 1}).where(is_this),
        _insert_unless(row, new_row, row.select(row.id).where(is_this)),
    ]


def _insert_unless(model: type[Model], values: dict[Any, Any], found: Select) -> BaseQuery:
    columns = [value if isinstance(value, Node) else Value(value) for value in values.values()]
    return model.insert_from(Select(columns=columns).where(~fn.EXISTS(found)), list(values))
