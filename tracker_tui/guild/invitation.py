"""What an officer hands to a member: a guild's settings as one line of text.

`tracker-tui:1:` and standard base64, without padding, of raw-deflated JSON and its CRC-32. No chat
takes any of these characters for markup, and at a usual length the line fits a Discord message of
2,000 characters. The checksum tells a cut or mistyped line; it vouches for nobody.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import Any, Final, NamedTuple

from tracker_tui.auth.guild import is_id
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
"""Characters; what is longer is not even looked at."""
_LONGEST_URL: Final = 500
_LARGEST_CONTENT: Final = 64_000
"""Bytes once unpacked: a small line could hold a thousand times its size."""
_CHECKSUM_BYTES: Final = 4
_RAW_DEFLATE: Final = -15
_MOST_ROLES: Final = 250
"""Discord's own limit; more would only push the rest off the screen."""
_LONGEST_ROLE_NAME: Final = 100
_DEEPEST: Final = 8
"""Levels of roles within each other: what nests to Python's limits could not be handled safely."""

_SHAPE: Final = re.compile(r"tracker-tui:([1-9][0-9]{0,3}):(.*)", re.DOTALL)
_BODY: Final = re.compile(r"[A-Za-z0-9+/]+")
_URL: Final = re.compile(rf"[!-~]{{1,{_LONGEST_URL}}}")
# What wraps a line: line breaks, the marks of quoted mail before each line, and the invisible
# characters by which chats allow a break.
_WRAPPING: Final = re.compile(r"[\s>\u00ad\u200b-\u200f\u2060\ufeff]+")
_FENCE: Final = re.compile(r"\A[\s>\ufeff]*(?:`{3,}|~{3,})[\w+-]*(?=\s|$)")
_QUOTES: Final = "`~\"'<>«»‘’“”"


class InvalidInvitation(TrackerError):
    """A text is no invitation, or one that nobody should follow."""

    exit_status = 2


class Invitation(NamedTuple):
    """A guild's settings, for a member of it."""

    database_url: str
    client_id: str
    guild_id: str
    roles: str
    """DISCORD_ROLES_CONFIG, as compact JSON in ASCII once it was handed over."""
    token: Secret | None = None
    """A member's token for the database."""

    def text(self) -> str:
        """Return the line to hand over, token revealed; raises InvalidInvitation."""
        _check(self)
        content = _json_of(self)
        line = BEGIN + _sealed(content)
        if len(line) > LONGEST or len(content) > _LARGEST_CONTENT:
            raise InvalidInvitation("That is too much for an invitation: shorten the roles.")
        return line


def read_invitation(text: str) -> Invitation:
    """Understand what `Invitation.text` made; raises InvalidInvitation.

    Line breaks and blanks anywhere, marks of quoted mail, and quotes or a code fence around it are
    let pass.
    """
    content = _unsealed(_body_of(text))
    entries = None if content is None else _entries(content)
    if entries is None:
        raise InvalidInvitation(
            "This invitation is cut or mistyped: ask for it again and copy all of it."
        )
    invitation = _understood(entries)
    _check(invitation)
    return invitation


def is_unfinished(text: str) -> bool:
    """Whether a text begins an invitation and more lines of it may follow."""
    line = _unwrapped(text)
    if len(text) > LONGEST or not line.startswith(BEGIN):
        return BEGIN.startswith(line)
    return _unsealed(line.removeprefix(BEGIN)) is None


def is_code_fence(line: str) -> bool:
    """Whether a line only opens or closes a code block of Markdown."""
    fence = _FENCE.match(line)
    return fence is not None and not line[fence.end() :].strip()


def facts_of(invitation: Invitation) -> list[tuple[str, str]]:
    """Return what to show before a checked invitation is kept: names and values, safe to print."""
    roles = sorted(parse_roles(invitation.roles), key=lambda role: -role.level)
    is_token_inside = invitation.token is not None
    return [
        ("Database", one_line(invitation.database_url, _LONGEST_URL)),
        ("Discord application", one_line(invitation.client_id)),
        ("Discord guild", one_line(invitation.guild_id)),
        *(("Role", _role_in_words(role)) for role in roles),
        (
            "Token",
            "a database token is inside"
            if is_token_inside
            else "no token: you will be asked for one",
        ),
    ]


def _role_in_words(role: Role) -> str:
    name = one_line(role.name, _LONGEST_ROLE_NAME) or one_line(role.id, _LONGEST_ROLE_NAME)
    return f"{name}: may {allowed(role.rights)}"


def _json_of(invitation: Invitation) -> bytes:
    entries = {
        "url": invitation.database_url,
        "client": invitation.client_id,
        "guild": invitation.guild_id,
        # As JSON within JSON every quote would cost a backslash.
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
    """Return what follows the beginning of an invitation; raises InvalidInvitation."""
    if len(text) > LONGEST:
        raise InvalidInvitation("That is far too long for an invitation: paste its one line only.")
    shape = _SHAPE.fullmatch(_unwrapped(text))
    if shape is None:
        raise InvalidInvitation(f"That is no invitation: one begins with {BEGIN}")
    if shape[1] != "1":
        raise InvalidInvitation("This invitation was made by a newer tracker-tui: update yours.")
    return shape[2]


def _unwrapped(text: str) -> str:
    return _WRAPPING.sub("", _FENCE.sub("", text, count=1)).strip(_QUOTES)


# What goes wrong below is told by None, not by an exception: those of Python carry what they
# stumbled over, and a token may be in it.


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


def _understood(entries: dict[str, Any]) -> Invitation:
    """Build an invitation; a later version may have added entries, which are passed over."""
    token = entries.get("token")
    return Invitation(
        _text(entries.get("url"), "url"),
        _text(entries.get("client"), "client"),
        _text(entries.get("guild"), "guild"),
        _roles_text(entries.get("roles")),
        None if token is None else Secret(_text(token, "token")),
    )


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise _senseless(name)
    return value


def _roles_text(value: object) -> str:
    """Return the roles as printable ASCII, whatever is in their names."""
    if not isinstance(value, list):
        raise _senseless("roles")
    try:
        return _compact(value)
    except RecursionError:
        raise _senseless("roles") from None


def _senseless(name: str) -> InvalidInvitation:
    return InvalidInvitation(f"The {name} of this invitation makes no sense: ask for another.")


def _check(invitation: Invitation) -> None:
    _check_url(invitation.database_url)
    _check_id(invitation.client_id, "Discord application")
    _check_id(invitation.guild_id, "Discord guild")
    _check_roles(invitation.roles)
    if invitation.token is not None and not is_token(invitation.token.reveal()):
        raise InvalidInvitation(
            "The token of an invitation is up to 4,000 characters of ASCII, without blanks."
        )


def _check_url(url: str) -> None:
    if not _URL.fullmatch(url) or not _is_endpoint(url):
        raise InvalidInvitation(
            "The database URL of an invitation begins with libsql://, https://, http://, wss:// or "
            "ws:// and holds no user, no password and no option but tls."
        )


def _is_endpoint(url: str) -> bool:
    try:
        endpoint(url)
    except InterfaceError:
        return False
    return True


def _check_id(text: str, whose: str) -> None:
    if not is_id(text):
        raise InvalidInvitation(f"The {whose} of an invitation is a number of up to 20 digits.")


def _check_roles(text: str) -> None:
    try:
        roles = parse_roles(text)
        is_shallow = _is_shallow(json.loads(text))
    except RolesConfigError as error:
        raise InvalidInvitation(f"The roles of the invitation: {one_line(error)}.") from None
    except RecursionError:
        is_shallow = False
    if not is_shallow:
        raise _senseless("roles")
    if len(roles) > _MOST_ROLES:
        raise InvalidInvitation(f"An invitation has at most {_MOST_ROLES} roles.")
    if not roles_with(Right.ACCESS_RESOURCES, roles):
        raise InvalidInvitation(
            "No role of the invitation has canAccessResources: nobody could enter."
        )


def _is_shallow(value: object, levels: int = _DEEPEST) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return True
    return levels > 0 and all(_is_shallow(item, levels - 1) for item in value)
