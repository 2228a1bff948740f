"""An invitation: a guild's settings as one line of text, which an officer gives to a member.

    tracker-tui:1:jc9BCsIwEAXQq4Ss…

The line is `tracker-tui:1:` and base64 (standard alphabet, no padding) of raw-deflated JSON and its
CRC-32. Chats don't treat any of these characters as markup, and a usual line fits into a Discord
message of 2,000 characters. The checksum finds a cut or mistyped line; it proves no origin, so
everything in it is checked and shown to the member before it is saved.

The JSON goes through the standard library: role names may hold lone surrogates, which msgspec
rejects.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import dataclass
from typing import Any, Final

from tracker_tui.auth.guild_config import is_id
from tracker_tui.auth.session import is_token
from tracker_tui.config.settings import Secret
from tracker_tui.domain.roles import (
    Right,
    Role,
    RolesConfigError,
    allowed,
    parse_roles,
    roles_with,
)
from tracker_tui.domain.text import one_line
from tracker_tui.errors import TrackerError
from tracker_tui.turso.errors import InterfaceError
from tracker_tui.turso.urls import endpoint

BEGIN: Final = "tracker-tui:1:"
LONGEST: Final = 16_000
"""Characters; longer texts are rejected unread."""
_LONGEST_URL: Final = 500
_LARGEST_CONTENT: Final = 64_000
"""Bytes once unpacked: a line can unpack to a thousand times its size."""
_CHECKSUM_BYTES: Final = 4
_RAW_DEFLATE: Final = -15
_MOST_ROLES: Final = 250
"""Discord's own limit; more would push everything else off the screen."""
_LONGEST_ROLE_NAME: Final = 100
_DEEPEST: Final = 8
"""Levels of nesting in the roles, far below the depth at which Python fails."""

_SHAPE: Final = re.compile(r"tracker-tui:([1-9][0-9]{0,3}):(.*)", re.DOTALL)
_BODY: Final = re.compile(r"[A-Za-z0-9+/]+")
_URL: Final = re.compile(rf"[!-~]{{1,{_LONGEST_URL}}}")
# Characters that mail and chats add to a long line: line breaks, quotation marks of mail, and
# invisible characters that allow a break.
_WRAPPING: Final = re.compile(r"[\s>\u00ad\u200b-\u200f\u2060\ufeff]+")
_FENCE: Final = re.compile(r"\A[\s>\ufeff]*(?:`{3,}|~{3,})[\w+-]*(?=\s|$)")
_QUOTES: Final = "`~\"'<>«»‘’“”"


class InvalidInvitation(TrackerError):
    """A text isn't an invitation, or is one with unusable or unsafe settings."""

    exit_status = 2


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """A guild's settings, for one of its members."""

    database_url: str
    client_id: str
    guild_id: str
    roles: str
    """DISCORD_ROLES_CONFIG; compact ASCII JSON if it was read from an invitation."""
    token: Secret | None = None
    """The member's token for the database."""

    def text(self) -> str:
        """Return the line to give to a member, with the token in it; raises InvalidInvitation."""
        _check(self)
        content = _json_of(self)
        line = BEGIN + _sealed(content)
        if len(line) > LONGEST or len(content) > _LARGEST_CONTENT:
            raise InvalidInvitation("This is too long for an invitation. Shorten the roles.")
        return line


def read_invitation(text: str) -> Invitation:
    """Read a line that `Invitation.text` made; raises InvalidInvitation.

    It may contain line breaks, blanks and marks of quoted mail, and may be in quotes or in a
    code fence.
    """
    content = _unsealed(_body_of(text))
    entries = None if content is None else _entries(content)
    if entries is None:
        raise InvalidInvitation(
            "This invitation is cut or mistyped. Ask for it again, and copy all of it."
        )
    invitation = _from_entries(entries)
    _check(invitation)
    return invitation


def is_unfinished(text: str) -> bool:
    """Whether a text is the beginning of an invitation, so that more lines may follow."""
    line = _unwrapped(text)
    if len(text) > LONGEST or not line.startswith(BEGIN):
        return BEGIN.startswith(line)
    return _unsealed(line.removeprefix(BEGIN)) is None


def is_code_fence(line: str) -> bool:
    """Whether a line does nothing but open or close a Markdown code block."""
    fence = _FENCE.match(line)
    return fence is not None and not line[fence.end() :].strip()


def summary_of(invitation: Invitation) -> list[tuple[str, str]]:
    """Return names and values to show before an invitation is saved, safe to print."""
    roles = sorted(parse_roles(invitation.roles), key=lambda role: -role.level)
    has_token = invitation.token is not None
    return [
        ("Database", one_line(invitation.database_url, _LONGEST_URL)),
        ("Discord application", one_line(invitation.client_id)),
        ("Discord guild", one_line(invitation.guild_id)),
        *(("Role", _role_in_words(role)) for role in roles),
        ("Token", "included" if has_token else "not included: you will be asked for one"),
    ]


def _role_in_words(role: Role) -> str:
    name = one_line(role.name, _LONGEST_ROLE_NAME) or one_line(role.id, _LONGEST_ROLE_NAME)
    return f"{name}: may {allowed(role.rights)}"


def _json_of(invitation: Invitation) -> bytes:
    entries = {
        "url": invitation.database_url,
        "client": invitation.client_id,
        "guild": invitation.guild_id,
        # Nested JSON: as a string, each quote would cost a backslash.
        "roles": json.loads(invitation.roles),
    }
    if invitation.token is not None:
        entries["token"] = invitation.token.reveal()
    return _compact(entries).encode("ascii")


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _sealed(content: bytes) -> str:
    packed = zlib.compress(content, 9, wbits=_RAW_DEFLATE)
    return base64.b64encode(packed + _checksum(packed)).decode("ascii").rstrip("=")


def _checksum(packed: bytes) -> bytes:
    return zlib.crc32(packed).to_bytes(_CHECKSUM_BYTES, "big")


def _body_of(text: str) -> str:
    """Return the part after the prefix; raises InvalidInvitation."""
    if len(text) > LONGEST:
        raise InvalidInvitation(
            "This is too long for an invitation. Paste nothing but its one line."
        )
    shape = _SHAPE.fullmatch(_unwrapped(text))
    if shape is None:
        raise InvalidInvitation(f"This isn't an invitation: those start with {BEGIN}")
    if shape[1] != "1":
        raise InvalidInvitation("This invitation comes from a newer tracker-tui. Update yours.")
    return shape[2]


def _unwrapped(text: str) -> str:
    return _WRAPPING.sub("", _FENCE.sub("", text, count=1)).strip(_QUOTES)


# The functions below return None instead of raising: Python's exceptions would carry the text that
# they failed on, and a token may be in it.


def _unsealed(body: str) -> bytes | None:
    if not _BODY.fullmatch(body):
        return None
    try:
        sealed = base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except ValueError:
        return None
    packed, checksum = sealed[:-_CHECKSUM_BYTES], sealed[-_CHECKSUM_BYTES:]
    return _unpacked(packed) if checksum == _checksum(packed) else None


def _unpacked(packed: bytes) -> bytes | None:
    unpacking = zlib.decompressobj(wbits=_RAW_DEFLATE)
    try:
        content = unpacking.decompress(packed, _LARGEST_CONTENT)
    except zlib.error:
        return None
    return content if unpacking.eof and not unpacking.unused_data else None


def _entries(content: bytes) -> dict[str, Any] | None:
    try:
        entries = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return entries if isinstance(entries, dict) else None


def _from_entries(entries: dict[str, Any]) -> Invitation:
    """Build an invitation, ignoring entries that a later version may have added."""
    token = entries.get("token")
    return Invitation(
        database_url=_text(entries.get("url"), "url"),
        client_id=_text(entries.get("client"), "client"),
        guild_id=_text(entries.get("guild"), "guild"),
        roles=_roles_text(entries.get("roles")),
        token=None if token is None else Secret(_text(token, "token")),
    )


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise _unusable(name)
    return value


def _roles_text(value: object) -> str:
    """Return the roles as printable ASCII, which escapes everything else in their names."""
    if not isinstance(value, list):
        raise _unusable("roles")
    try:
        return _compact(value)
    except RecursionError:
        raise _unusable("roles") from None


def _unusable(name: str) -> InvalidInvitation:
    return InvalidInvitation(
        f"The {name} of this invitation is unusable. Ask for another invitation."
    )


def _check(invitation: Invitation) -> None:
    _check_url(invitation.database_url)
    _check_id(invitation.client_id, "Discord application")
    _check_id(invitation.guild_id, "Discord guild")
    _check_roles(invitation.roles)
    if invitation.token is not None and not is_token(invitation.token.reveal()):
        raise InvalidInvitation(
            "The token in an invitation has up to 4,000 ASCII characters and no blanks."
        )


def _check_url(url: str) -> None:
    if not _URL.fullmatch(url) or not _is_endpoint(url):
        raise InvalidInvitation(
            "The database URL in an invitation starts with libsql://, https://, http://, wss:// "
            "or ws://, and has no user, no password and no option except tls."
        )


def _is_endpoint(url: str) -> bool:
    try:
        endpoint(url)
    except InterfaceError:
        return False
    return True


def _check_id(text: str, whose: str) -> None:
    if not is_id(text):
        raise InvalidInvitation(f"The {whose} in an invitation is a number of up to 20 digits.")


def _check_roles(text: str) -> None:
    try:
        roles = parse_roles(text)
        is_shallow = _is_shallow(json.loads(text))
    except RolesConfigError as error:
        raise InvalidInvitation(f"The roles in the invitation: {one_line(error)}.") from None
    except RecursionError:
        is_shallow = False
    if not is_shallow:
        raise _unusable("roles")
    if len(roles) > _MOST_ROLES:
        raise InvalidInvitation(f"An invitation has up to {_MOST_ROLES} roles.")
    if not roles_with(Right.ACCESS_RESOURCES, roles):
        raise InvalidInvitation(
            "No role in the invitation has canAccessResources, so no member could enter."
        )


def _is_shallow(value: object, levels: int = _DEEPEST) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return True
    return levels > 0 and all(_is_shallow(item, levels - 1) for item in value)
