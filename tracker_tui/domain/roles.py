"""Who may do what (data contract, "Who may do what"): rights from Discord roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from tracker_tui.domain.text import one_line


class Right(StrEnum):
    """A flag of DISCORD_ROLES_CONFIG; the value is its name there."""

    ACCESS_RESOURCES = "canAccessResources"
    EDIT_TARGETS = "canEditTargets"
    ADMIN = "isAdmin"
    MANAGE_USERS = "canManageUsers"
    EXPORT_DATA = "canExportData"


ALL_RIGHTS: frozenset[Right] = frozenset(Right)
"""What the owner of a database of one's own may do."""


ALLOWS: Final[Mapping[Right, str]] = {
    Right.ACCESS_RESOURCES: "see everything, add, remove, set, move",
    Right.EDIT_TARGETS: "set targets, export and import CSV",
    Right.ADMIN: "create, edit and delete resources, delete history, act on behalf of others",
    Right.MANAGE_USERS: "see members and their last log-in",
    Right.EXPORT_DATA: "export another member's data",
}
"""What each right is for (data contract, "Who may do what"), in words that follow "may"."""


class Role(NamedTuple):
    """One configured Discord role."""

    id: str
    name: str
    level: int
    rights: frozenset[Right]


class Member(NamedTuple):
    """Who uses the program: the id that changes are written under, a name, and rights."""

    id: str
    name: str
    rights: frozenset[Right]


class RolesConfigError(ValueError):
    """DISCORD_ROLES_CONFIG is not what the data contract describes."""


def parse_roles(text: str) -> tuple[Role, ...]:
    """Understand DISCORD_ROLES_CONFIG, a JSON array of objects; raises RolesConfigError."""
    import json  # only for guilds: `edit` on a database of one's own must not pay for it

    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"DISCORD_ROLES_CONFIG is no JSON: {error}"
        raise RolesConfigError(message) from error
    if not isinstance(entries, list):
        raise RolesConfigError("DISCORD_ROLES_CONFIG must be a JSON array of roles")
    return tuple(_role(number, entry) for number, entry in enumerate(entries, 1))


def rights_of(role_ids: Iterable[str], roles: Iterable[Role]) -> frozenset[Right]:
    """Return the rights of a member who has these Discord roles."""
    held = frozenset(role_ids)
    return frozenset(right for role in roles if role.id in held for right in role.rights)


def roles_with(right: Right, roles: Iterable[Role]) -> list[str]:
    """Return the names of the roles that may, highest level first, for a refusal that helps."""
    return [r.name for r in sorted(roles, key=lambda r: -r.level) if right in r.rights]


def allowed(rights: Iterable[Right]) -> str:
    """Say what somebody may do, in words that follow "may"."""
    held = frozenset(rights)
    return "; ".join(words for right, words in ALLOWS.items() if right in held) or "do nothing"


def only_who_may(right: Right, what: str, roles: Iterable[Role]) -> str:
    """Say who may do something, to whoever may not."""
    names = [one_line(name, 40) for name in roles_with(right, roles)]
    if not names:
        return f"Nobody in this guild may {what}: no role of DISCORD_ROLES_CONFIG allows it."
    listed = ", ".join(names[:-1]) + f" or {names[-1]}" if len(names) > 1 else names[0]
    return f"Only {listed} may {what}. Ask one of them."


def _role(number: int, entry: object) -> Role:
    if not isinstance(entry, dict):
        message = f"DISCORD_ROLES_CONFIG: entry {number} is no object"
        raise RolesConfigError(message)
    role_id = entry.get("id")
    # A number would already have lost its last digits to JSON parsers: ids are 64 bits.
    if not isinstance(role_id, str) or not role_id:
        message = f"DISCORD_ROLES_CONFIG: entry {number} needs an id in quotes"
        raise RolesConfigError(message)
    level = entry.get("level", 0)
    if isinstance(level, bool) or not isinstance(level, int):
        message = f"DISCORD_ROLES_CONFIG: the level of entry {number} is no whole number"
        raise RolesConfigError(message)
    rights = set()
    for right in Right:
        flag = entry.get(right.value, False)
        if not isinstance(flag, bool):
            message = f"DISCORD_ROLES_CONFIG: {right.value} of entry {number} is not true or false"
            raise RolesConfigError(message)
        if flag:
            rights.add(right)
    return Role(role_id, str(entry.get("name", role_id)), level, frozenset(rights))
