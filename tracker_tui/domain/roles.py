"""Rights, and the Discord roles that grant them (data contract, "Who may do what").

`DISCORD_ROLES_CONFIG` lists roles with flags; a member has a right if one of their roles has its
flag. A right that no role has is granted to no member.
"""

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
"""The rights of the owner of a database without a guild."""


ALLOWS: Final[Mapping[Right, str]] = {
    Right.ACCESS_RESOURCES: "see everything, add, remove, set, move",
    Right.EDIT_TARGETS: "set targets, export and import CSV",
    Right.ADMIN: "create, edit and delete resources, delete history, act on behalf of others",
    Right.MANAGE_USERS: "see members and their last log-in",
    Right.EXPORT_DATA: "export another member's data",
}
"""Each right in words that follow "may"."""


class Role(NamedTuple):
    """One configured Discord role."""

    id: str
    name: str
    level: int
    rights: frozenset[Right]


class Member(NamedTuple):
    """The player: the id that changes are written under, a name, and rights."""

    id: str
    name: str
    rights: frozenset[Right]


class RolesConfigError(ValueError):
    """DISCORD_ROLES_CONFIG doesn't have the form that the data contract describes."""


def parse_roles(text: str) -> tuple[Role, ...]:
    """Parse DISCORD_ROLES_CONFIG, a JSON array of objects; raises RolesConfigError."""
    import json  # only guilds need it; `edit` without one starts faster

    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"DISCORD_ROLES_CONFIG isn't JSON: {error}"
        raise RolesConfigError(message) from error
    if not isinstance(entries, list):
        raise RolesConfigError("DISCORD_ROLES_CONFIG must be a JSON array of roles")
    return tuple(_role(number, entry) for number, entry in enumerate(entries, 1))


def rights_of(role_ids: Iterable[str], roles: Iterable[Role]) -> frozenset[Right]:
    """Return the rights of a member with these Discord roles."""
    held = frozenset(role_ids)
    return frozenset(right for role in roles if role.id in held for right in role.rights)


def roles_with(right: Right, roles: Iterable[Role]) -> list[str]:
    """Return the names of the roles with a right, highest level first."""
    return [r.name for r in sorted(roles, key=lambda r: -r.level) if right in r.rights]


def allowed(rights: Iterable[Right]) -> str:
    """Return rights in words that follow "may"."""
    held = frozenset(rights)
    return "; ".join(words for right, words in ALLOWS.items() if right in held) or "do nothing"


def only_who_may(right: Right, what: str, roles: Iterable[Role]) -> str:
    """Return a sentence for members who lack a right; `what` follows "may"."""
    names = [one_line(name, 40) for name in roles_with(right, roles)]
    if not names:
        return f"No member of this guild may {what}: no role in DISCORD_ROLES_CONFIG allows it."
    listed = ", ".join(names[:-1]) + f" or {names[-1]}" if len(names) > 1 else names[0]
    return f"Only {listed} may {what}. Ask one of them."


def _role(number: int, entry: object) -> Role:
    if not isinstance(entry, dict):
        message = f"DISCORD_ROLES_CONFIG: entry {number} isn't an object"
        raise RolesConfigError(message)
    role_id = entry.get("id")
    # A number is rejected: JSON parsers round the last digits of 64-bit ids.
    if not isinstance(role_id, str) or not role_id:
        message = f"DISCORD_ROLES_CONFIG: entry {number} needs an id in quotes"
        raise RolesConfigError(message)
    level = entry.get("level", 0)
    if isinstance(level, bool) or not isinstance(level, int):
        message = f"DISCORD_ROLES_CONFIG: the level of entry {number} isn't a whole number"
        raise RolesConfigError(message)
    rights = set()
    for right in Right:
        flag = entry.get(right.value, False)
        if not isinstance(flag, bool):
            message = f"DISCORD_ROLES_CONFIG: {right.value} of entry {number} isn't true or false"
            raise RolesConfigError(message)
        if flag:
            rights.add(right)
    name = str(entry.get("name", role_id))
    return Role(id=role_id, name=name, level=level, rights=frozenset(rights))
