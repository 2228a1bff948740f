"""Rows of `users` and `user_sessions` for a sign-in (data contract, "Signing in")."""

from __future__ import annotations

import json
from typing import Any

from peewee import BaseQuery, Model, Node, Select, Value, fn

from tracker_tui.db.models import User, UserSession
from tracker_tui.domain.sign_in import SignInRecord


def recording(record: SignInRecord, user_id: str, now: Node) -> list[BaseQuery]:
    """Return what brings both tables up to date; `user_id` is for a member who is new to them.

    It needs no unique index, and may be carried out twice.
    """
    is_this = User.discord_id == record.discord_id
    roles = json.dumps(list(record.role_ids))
    known: dict[Any, Any] = {
        User.username: record.username,
        User.avatar: record.avatar,
        User.custom_nickname: record.nickname,
    }
    if record.is_new:
        known[User.last_login] = now
    whose = User.select(User.id).where(is_this).order_by(User.created_at, User.id).limit(1)
    is_session = UserSession.id == record.session_id
    return [
        User.update(known).where(is_this),
        _insert_unless(
            User,
            {
                User.id: user_id,
                User.discord_id: record.discord_id,
                **known,
                User.created_at: now,
                User.last_login: now,
            },
            User.select(User.id).where(is_this),
        ),
        UserSession.update({UserSession.roles: roles, UserSession.is_in_guild: 1}).where(
            is_session
        ),
        _insert_unless(
            UserSession,
            {
                UserSession.id: record.session_id,
                UserSession.user: whose,
                UserSession.roles: roles,
                UserSession.is_in_guild: 1,
                UserSession.created_at: now,
            },
            UserSession.select(UserSession.id).where(is_session),
        ),
    ]


def _insert_unless(model: type[Model], values: dict[Any, Any], found: Select) -> BaseQuery:
    columns = [value if isinstance(value, Node) else Value(value) for value in values.values()]
    return model.insert_from(Select(columns=columns).where(~fn.EXISTS(found)), list(values))
