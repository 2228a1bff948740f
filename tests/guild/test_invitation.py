"""Invitations: one line, parsed strictly."""

from __future__ import annotations

import base64
import json
import re
import traceback
import zlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracker_tui.config.settings import Secret
from tracker_tui.guild.invitation import (
    BEGIN,
    LONGEST,
    InvalidInvitation,
    Invitation,
    read_invitation,
    summary_of,
)

TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJhIjoicnciLCJpYXQiOjE3MzU2ODk2MDB9.c2VjcmV0-_c2VjcmV0"
ROLES: list[dict[str, Any]] = [
    {"id": "11", "name": "Member", "level": 1, "canAccessResources": True},
    {"id": "12", "name": "Harvester ★", "level": 5, "canAccessResources": True, "isAdmin": True},
    {"id": "13", "name": "Guest"},
]
ENTRIES: dict[str, Any] = {
    "url": "libsql://guild-me.turso.io",
    "client": "1234567890123456789",
    "guild": "9876543210987654321",
    "roles": ROLES,
    "token": TOKEN,
}
INVITATION = Invitation(
    database_url=ENTRIES["url"],
    client_id=ENTRIES["client"],
    guild_id=ENTRIES["guild"],
    roles=json.dumps(ROLES, indent=2),
    token=Secret(TOKEN),
)
LINE = INVITATION.text()


def sealed(content: bytes) -> str:
    """Return a line with a valid checksum for any content, as an attacker could make."""
    packed = zlib.compress(content, wbits=-15)
    return begun(packed + zlib.crc32(packed).to_bytes(4, "big"))


def begun(body: bytes) -> str:
    return "tracker-tui:1:" + base64.b64encode(body).decode().rstrip("=")


def line_of(**entries: object) -> str:
    return sealed(json.dumps({**ENTRIES, **entries}).encode())


def rejection(text: str) -> str:
    with pytest.raises(InvalidInvitation) as rejected:
        read_invitation(text)
    message = str(rejected.value)
    assert message.isprintable()
    assert len(message) < 300
    assert rejected.value.exit_status == 2
    return message


def parts(invitation: Invitation) -> tuple[object, ...]:
    token = invitation.token.reveal() if invitation.token else None
    ids = (invitation.database_url, invitation.client_id, invitation.guild_id)
    return (*ids, json.loads(invitation.roles), token)


def is_rejected_or_alike(text: str) -> bool:
    try:
        return parts(read_invitation(text)) == parts(INVITATION)
    except InvalidInvitation:
        return True


# Round trips


def test_an_invitation_can_be_read_back() -> None:
    assert parts(read_invitation(LINE)) == parts(INVITATION)
    roles = read_invitation(LINE).roles
    assert roles == json.dumps(ROLES, separators=(",", ":"))
    assert roles.isascii()
    assert read_invitation(replace(INVITATION, token=None).text()).token is None


FLAGS = ["canAccessResources", "canEditTargets", "isAdmin", "canManageUsers", "canExportData"]
ANY_ROLE = st.fixed_dictionaries(
    {"id": st.text("0123456789", min_size=1, max_size=20)},
    optional={
        "name": st.text(st.characters(codec=None, categories=None), max_size=30),
        "level": st.integers(),
        "color": st.none() | st.floats(allow_nan=False) | st.text(max_size=5),
        **dict.fromkeys(FLAGS, st.booleans()),
    },
)
ONE_WHO_MAY = ANY_ROLE.map(lambda role: {**role, "canAccessResources": True})
INVITATIONS = st.builds(
    Invitation,
    database_url=st.builds(
        "{}://{}{}".format,
        st.sampled_from(["libsql", "https", "http", "wss", "ws"]),
        st.sampled_from(["guild.turso.io", "localhost:8080", "[::1]:1", "10.0.0.1", "a"]),
        st.sampled_from(["", "/", "/v1/namespace"]),
    ),
    client_id=st.text("0123456789", min_size=1, max_size=20),
    guild_id=st.text("0123456789", min_size=1, max_size=20),
    roles=st.builds(
        lambda one, others: json.dumps([*others, one], indent=1),
        ONE_WHO_MAY,
        st.lists(ANY_ROLE, max_size=5),
    ),
    token=st.none()
    | st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1).map(Secret),
)


@given(INVITATIONS)
def test_any_valid_invitation_is_read_back(invitation: Invitation) -> None:
    line = invitation.text()
    assert re.fullmatch(r"tracker-tui:1:[A-Za-z0-9+/]+", line)
    kept = read_invitation(line)
    assert parts(kept) == parts(invitation)
    assert parts(read_invitation(kept.text())) == parts(invitation)
    for fact in summary_of(kept):
        assert all(text and text.isprintable() for text in fact)


def test_a_guilds_usual_invitation_fits_a_message_and_a_line_of_any_terminal() -> None:
    roles = [{**ROLES[1], "id": str(10**18 + 7919 * n), "name": f"Role {n}"} for n in range(8)]
    # macOS terminals accept lines of up to 1,024 characters, Discord messages of up to 2,000.
    assert len(replace(INVITATION, roles=json.dumps(roles)).text()) < 1_000


# Copied and pasted


def test_changes_by_chats_and_terminals_are_accepted() -> None:
    for text in [
        f"  {LINE}\n",
        f"`{LINE}`",
        f"```\n{LINE}\n```",
        f'"{LINE}"',
        f"“{LINE}”",
        f"<{LINE}>",
        f"> {LINE}",
        f"> ```text\n> {LINE[:60]}\n> {LINE[60:]}\n> ```",
        f"``` {LINE[:60]} {LINE[60:]} ```",
        f"\ufeff{LINE}\r\n",
        "\n".join(re.findall(".{1,20}", LINE)),
        "\r\n  ".join(re.findall(".{1,80}", LINE)),
        "\u200b".join(re.findall(".{1,40}", LINE)),
        " ".join(LINE),
    ]:
        assert parts(read_invitation(text)) == parts(INVITATION)


def test_a_changed_character_is_detected() -> None:
    for other in ["A", "/", "+", "z", "=", "_", "-", "é", "\ud800", "\x00", "1"]:
        for place in range(len(LINE)):
            assert is_rejected_or_alike(LINE[:place] + other + LINE[place + 1 :])


def test_missing_doubled_and_swapped_characters_are_detected() -> None:
    for place in range(len(LINE)):
        assert is_rejected_or_alike(LINE[:place] + LINE[place + 1 :])
        assert is_rejected_or_alike(LINE[:place] + LINE[place] + LINE[place:])
        assert rejection(LINE[:place])
        assert rejection(LINE[place + 1 :])
    for a in range(len(LINE) - 1):
        for b in (a + 1, a + 2, len(LINE) - 1):
            chars = list(LINE)
            chars[a], chars[b % len(LINE)] = chars[b % len(LINE)], chars[a]
            assert is_rejected_or_alike("".join(chars))


def test_a_damaged_copy_asks_for_a_new_one() -> None:
    for text in [LINE[:-1], LINE[:60], LINE + "A", BEGIN, BEGIN + "AAAAA"]:
        assert "cut or mistyped" in rejection(text)


def test_the_error_for_another_text_shows_how_an_invitation_begins() -> None:
    for text in ["", "hello", "tracker-tui", "libsql://guild.turso.io", TOKEN]:
        message = rejection(text)
        assert BEGIN in message
        assert "libsql" not in message


def test_a_later_version_is_an_error() -> None:
    for version in [2, 10, 9999]:
        assert "newer" in rejection(f"tracker-tui:{version}:whatever it may hold")


def test_an_invalid_version_is_rejected() -> None:
    for version in ["", "0", "01", "-1", "x", "٢"]:
        assert "isn't an invitation" in rejection(LINE.replace(":1:", f":{version}:", 1))


# Hostile input


@given(st.text() | st.text(st.characters(codec=None, categories=None)))
@example("tracker-tui:1:====")
@example(BEGIN + "\ud800")
def test_any_other_text_is_rejected(text: str) -> None:
    assert rejection(text)
    assert rejection(BEGIN + text)


@given(st.binary(max_size=200))
def test_any_other_bytes_are_rejected(content: bytes) -> None:
    assert rejection(sealed(content))
    assert rejection(begun(content + zlib.crc32(content).to_bytes(4, "big")))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*ENTRIES, "more"]), JSON | st.just([ROLES[0]])))
def test_any_entries_are_accepted_or_rejected(entries: dict[str, object]) -> None:
    line = line_of(**entries)
    try:
        assert summary_of(read_invitation(line))
    except InvalidInvitation:
        assert TOKEN not in rejection(line)


def test_data_that_is_too_long_is_rejected() -> None:
    assert "too long" in rejection(" " * LONGEST + LINE)
    line = sealed(json.dumps(ENTRIES).encode() + b" " * 8_000_000)
    assert len(line) < LONGEST
    assert "cut" in rejection(line)
    packed = zlib.compress(json.dumps(ENTRIES).encode(), wbits=-15) + b"more"
    assert "cut" in rejection(begun(packed + zlib.crc32(packed).to_bytes(4, "big")))


def test_deep_json_is_rejected() -> None:
    for depth in [20, 500, 940, 970, 990, 1_000, 20_000]:
        deep = "[" * depth + "]" * depth
        entries = json.dumps({**ENTRIES, "roles": [{**ROLES[0], "name": "DEEP"}]})
        assert rejection(sealed(entries.replace('"DEEP"', deep).encode()))
        assert rejection(sealed(deep.encode()))


def test_json_that_is_not_an_object_is_rejected() -> None:
    for content in [b"[]", b"3", b"null", b'"x"', b"{", b"\xff", b"", b"9" * 5_000]:
        assert "cut or mistyped" in rejection(sealed(content))


def test_missing_entries_and_wrong_types_are_rejected() -> None:
    for name in ("url", "client", "guild", "roles"):
        entries = {key: value for key, value in ENTRIES.items() if key != name}
        assert name in rejection(sealed(json.dumps(entries).encode()))
        for value in (None, 3, True, 1.5, {}, [3], {"url": 1}, ""):
            message = rejection(line_of(**{name: value}))
            assert name in message.lower().replace("application", "client"), value


def test_an_invalid_token_is_rejected() -> None:
    for token in [3, [], {}, "", "a b", "a\nb", "é", "\x7f", "x" * 4_001, True]:
        assert "token" in rejection(line_of(token=token))


def test_entries_of_a_later_version_are_ignored() -> None:
    assert parts(read_invitation(line_of(name="Atreides", more=[1]))) == parts(INVITATION)


def test_an_unsafe_url_is_rejected_without_quoting_it() -> None:
    for url in [
        *("file:/etc/passwd", "file:guild.db", "file://host/guild.db", "guild.turso.io"),
        *("libsql://", "libsql:guild.turso.io", "ftp://guild.turso.io"),
        *(f"libsql://user:{TOKEN}@guild.turso.io", "libsql://user@guild.turso.io"),
        *(f"libsql://guild.turso.io?authToken={TOKEN}", "libsql://guild.turso.io?tls=2"),
        *("https://guild.turso.io?tls=0", f"libsql://guild.turso.io#{TOKEN}"),
        *("libsql://guild.turso.io:port", "libsql://guild.turso.io:99999", "libsql://[::1"),
        *(" libsql://guild.turso.io", "libsql://guild.turso.io\n", "libsql://guild\t.turso.io"),
        *("libsql://guild.turso.io/\x1b[31m", "libsql://güild.turso.io"),
        "libsql://guild.turso.io/" + "x" * 500,
    ]:
        message = rejection(line_of(url=url))
        assert "database URL" in message
        assert TOKEN not in message
        assert "guild" not in message


def test_valid_server_urls_are_accepted() -> None:
    for url in ["libsql://localhost:1?tls=0", "https://a.b?tls=1", "WSS://a.b/c"]:
        assert read_invitation(line_of(url=url)).database_url == url


def test_an_id_that_is_not_a_number_is_rejected() -> None:
    for value in ("", "12a", "1" * 21, " 1", "1\n", "٣", "-1", "1.0"):
        for name in ("client", "guild"):
            assert "digits" in rejection(line_of(**{name: value}))


def test_invalid_roles_and_roles_without_access_are_rejected() -> None:
    for roles in [
        [],
        [{**ROLES[0], "canAccessResources": False}],
        [{**ROLES[0], "canAccessResources": "true"}],
        [{**ROLES[0], "id": 11}],
        [{**ROLES[0], "level": "\x1b[31m"}],
        [ROLES[0], "\x1b[31m"],
        [ROLES[0]] * 251,
        "\x1b[31m",
    ]:
        assert "role" in rejection(line_of(roles=roles)).lower()


# Handing over


def test_an_unreadable_invitation_is_never_created() -> None:
    for wrong in [
        replace(INVITATION, database_url="file:guild.db"),
        replace(INVITATION, client_id=""),
        replace(INVITATION, guild_id="my guild"),
        replace(INVITATION, roles=""),
        replace(INVITATION, roles="[]"),
        replace(INVITATION, roles='[{"id":"\ud800"}]'),
        replace(INVITATION, token=Secret("")),
        replace(INVITATION, token=Secret(f"{TOKEN} ")),
        replace(INVITATION, roles=json.dumps([{**ROLES[0], "name": "x" * 70_000}])),
        replace(INVITATION, roles=json.dumps([ROLES[0], {"id": "1", "x": [[[[[[[[[]]]]]]]]]}])),
    ]:
        with pytest.raises(InvalidInvitation) as rejected:
            wrong.text()
        assert str(rejected.value).isprintable()
        assert TOKEN not in str(rejected.value)


# The token


def test_no_repr_or_summary_contains_the_token() -> None:
    invitation = read_invitation(LINE)
    assert TOKEN not in repr(invitation)
    assert TOKEN not in str(invitation)
    assert TOKEN not in f"{summary_of(invitation)}"


def test_no_part_of_the_token_is_readable_in_the_line() -> None:
    assert not any(TOKEN[place : place + 8] in LINE for place in range(len(TOKEN) - 8))


def test_no_traceback_or_cause_holds_the_token() -> None:
    for text in [
        line_of(url=3),
        line_of(roles=[]),
        line_of(token=f"{TOKEN} "),
        sealed(f'{{"token": "{TOKEN}",'.encode()),
        sealed(f'{{"token": "{TOKEN}\xff"'.encode("latin-1")),
        f"{LINE}!",
        TOKEN,
    ]:
        with pytest.raises(InvalidInvitation) as rejected:
            read_invitation(text)
        error: BaseException | None = rejected.value
        while error is not None:
            assert TOKEN not in f"{error!r}{vars(error)}{getattr(error, 'doc', '')}"
            assert TOKEN.encode() not in getattr(error, "object", b"")
            error = error.__context__
        assert TOKEN not in "".join(traceback.format_exception(rejected.value))


# The summary before saving


def test_the_summary_shows_all_settings() -> None:
    everything = "may see everything, add, remove, set, move"
    of_admins = "create, edit and delete resources, delete history, act on behalf of others"
    assert summary_of(read_invitation(LINE)) == [
        ("Database", "libsql://guild-me.turso.io"),
        ("Discord application", "1234567890123456789"),
        ("Discord guild", "9876543210987654321"),
        *(("Role", f"Harvester ★: {everything}; {of_admins}"), ("Role", f"Member: {everything}")),
        *(("Role", "Guest: may do nothing"), ("Token", "included")),
    ]


def test_the_summary_says_that_a_token_will_be_asked_for() -> None:
    assert summary_of(replace(INVITATION, token=None))[-1] == (
        "Token",
        "not included: you will be asked for one",
    )


def test_all_of_a_long_url_is_shown() -> None:
    url = "libsql://guild.turso.io." + "x" * 400 + ".example"
    assert ("Database", url) in summary_of(read_invitation(line_of(url=url)))


def test_names_of_roles_are_harmless_on_screen() -> None:
    for name in ("\x1b[2J\u202eevil\nToken: none", "\u200b", "", 3, {"a": [1]}):
        facts = summary_of(read_invitation(line_of(roles=[{**ROLES[0], "name": name}])))
        assert all(value.isprintable() and len(value) < 300 for _, value in facts), name
        assert not any(value.startswith(":") for _, value in facts), name
