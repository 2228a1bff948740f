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
INVITATION = Invitation(
    database_url="libsql://guild-me.turso.io",
    client_id="1234567890123456789",
    guild_id="9876543210987654321",
    roles=json.dumps(ROLES, indent=2),
    token=Secret(TOKEN),
)
ENTRIES: dict[str, Any] = {
    "url": INVITATION.database_url,
    "client": INVITATION.client_id,
    "guild": INVITATION.guild_id,
    "roles": ROLES,
    "token": TOKEN,
}
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
    # macOS terminals accept lines of up to 1,024 characters, Discord messages of up to 2,000.
    several = [{**ROLES[1], "id": str(10**18 + 7919 * n), "name": f"Role {n}"} for n in range(8)]
    assert len(replace(INVITATION, roles=json.dumps(several)).text()) < 1_000


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


# Copied and pasted


def test_changes_by_chats_and_terminals_are_accepted() -> None:
    for text in [
        *(f"  {LINE}\n", f"`{LINE}`", f"```\n{LINE}\n```", f'"{LINE}"', f"“{LINE}”", f"<{LINE}>"),
        f"> ```text\n> {LINE[:60]}\n> {LINE[60:]}\n> ```",
        f"\ufeff{LINE}\r\n",
        *(mark.join(re.findall(".{1,40}", LINE)) for mark in ("\n", "\r\n  ", "\u200b")),
        " ".join(LINE),
    ]:
        assert parts(read_invitation(text)) == parts(INVITATION)


def test_changed_missing_doubled_and_swapped_characters_are_detected() -> None:
    for place in range(len(LINE)):
        before, after = LINE[:place], LINE[place + 1 :]
        for other in ["A", "/", "=", "é", "\ud800"]:
            assert is_rejected_or_alike(before + other + after)
        assert is_rejected_or_alike(before + after)
        assert is_rejected_or_alike(before + LINE[place] + LINE[place:])
        assert rejection(before)
        assert rejection(after)
    for a in range(len(LINE) - 1):
        for b in (a + 1, len(LINE) - 1):
            chars = list(LINE)
            chars[a], chars[b] = chars[b], chars[a]
            assert is_rejected_or_alike("".join(chars))


def test_a_rejection_says_what_to_do() -> None:
    for text, said in (
        *((text, "cut or mistyped") for text in (LINE[:60], LINE + "A", BEGIN, BEGIN + "AAAAA")),
        *((text, BEGIN) for text in ("", "hello", "tracker-tui", TOKEN)),
        *((f"tracker-tui:{number}:whatever it may hold", "newer") for number in (2, 9999)),
        *(
            (LINE.replace(":1:", f":{version}:", 1), "isn't an invitation")
            for version in ("", "0", "01", "-1", "x", "٢")
        ),
        *((sealed(content), "cut or mistyped") for content in (b"[]", b"3", b"\xff", b"9" * 5_000)),
    ):
        message = rejection(text)
        assert said in message, text
        assert "libsql" not in message


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
    for depth in [20, 500, 970, 20_000]:
        deep = "[" * depth + "]" * depth
        entries = json.dumps({**ENTRIES, "roles": [{**ROLES[0], "name": "DEEP"}]})
        assert rejection(sealed(entries.replace('"DEEP"', deep).encode()))
        assert rejection(sealed(deep.encode()))


def test_missing_and_invalid_entries_are_rejected_and_additional_ones_ignored() -> None:
    for name in ("url", "client", "guild", "roles"):
        entries = {key: value for key, value in ENTRIES.items() if key != name}
        assert name in rejection(sealed(json.dumps(entries).encode()))
        for value in (None, 3, True, 1.5, {}, [3], {"url": 1}, ""):
            message = rejection(line_of(**{name: value}))
            assert name in message.lower().replace("application", "client"), value
    for value in ("12a", "1" * 21, " 1", "1\n", "٣", "-1"):
        for name in ("client", "guild"):
            assert "digits" in rejection(line_of(**{name: value}))
    for token in [3, {}, "", "a b", "é", "\x7f", "x" * 4_001, True]:
        assert "token" in rejection(line_of(token=token))
    # A later version may have more of them.
    assert parts(read_invitation(line_of(name="Atreides", more=[1]))) == parts(INVITATION)


def test_an_unsafe_url_is_rejected_without_quoting_it() -> None:
    for url in [
        *("file:/etc/passwd", "file:guild.db", "guild.turso.io", "libsql://"),
        *("ftp://guild.turso.io", f"libsql://user:{TOKEN}@guild.turso.io"),
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
    for url in ["libsql://localhost:1?tls=0", "https://a.b?tls=1", "WSS://a.b/c"]:
        assert read_invitation(line_of(url=url)).database_url == url


def test_invalid_roles_and_roles_without_access_are_rejected() -> None:
    one = ROLES[0]
    for roles in [
        *([], "\x1b[31m", [one, "\x1b[31m"], [one] * 251, [{**one, "id": 11}]),
        *([{**one, "canAccessResources": access}] for access in (False, "true")),
        [{**one, "level": "\x1b[31m"}],
    ]:
        assert "role" in rejection(line_of(roles=roles)).lower()


def test_an_unreadable_invitation_is_never_created() -> None:
    changes: list[dict[str, Any]] = [
        *({"database_url": "file:guild.db"}, {"client_id": ""}, {"guild_id": "my guild"}),
        *({"roles": ""}, {"roles": "[]"}, {"roles": '[{"id":"\ud800"}]'}),
        *({"token": Secret("")}, {"token": Secret(f"{TOKEN} ")}),
        {"roles": json.dumps([{**ROLES[0], "name": "x" * 70_000}])},
        {"roles": json.dumps([ROLES[0], {"id": "1", "x": [[[[[[[[[]]]]]]]]]}])},
    ]
    for change in changes:
        with pytest.raises(InvalidInvitation) as rejected:
            replace(INVITATION, **change).text()
        assert str(rejected.value).isprintable()
        assert TOKEN not in str(rejected.value)


def test_no_repr_or_summary_contains_the_token_and_no_line_a_part_of_it() -> None:
    invitation = read_invitation(LINE)
    assert TOKEN not in f"{invitation!r} {invitation} {summary_of(invitation)}"
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
    not_included = ("Token", "not included: you will be asked for one")
    assert summary_of(replace(INVITATION, token=None))[-1] == not_included
    # All of a long URL is shown.
    url = "libsql://guild.turso.io." + "x" * 400 + ".example"
    assert ("Database", url) in summary_of(read_invitation(line_of(url=url)))


def test_names_of_roles_are_harmless_on_screen() -> None:
    for name in ("\x1b[2J\u202eevil\nToken: none", "\u200b", "", 3, {"a": [1]}):
        facts = summary_of(read_invitation(line_of(roles=[{**ROLES[0], "name": name}])))
        assert all(value.isprintable() and len(value) < 300 for _, value in facts), name
        assert not any(value.startswith(":") for _, value in facts), name
