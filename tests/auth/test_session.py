"""The session document: round trips, and damaged files."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from helpers.auth_errors import failures_of
from helpers.auth_guild import a_session
from tracker_tui.auth.session import Binding, Session, document_of, session_from
from tracker_tui.domain.text import one_line
from tracker_tui.errors import LocalFileDamaged

FINITE = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(min_size=1, max_size=120).map(lambda text: one_line(text, 100)).filter(bool)
BINDINGS = st.builds(Binding, TEXT, TEXT, TEXT)
SESSIONS = st.builds(
    *(Session, BINDINGS, TEXT, TEXT, TEXT, st.none() | TEXT),
    *(st.lists(TEXT, max_size=5).map(tuple), st.booleans(), FINITE, FINITE, TEXT),
    *(st.booleans(), st.booleans(), FINITE),
)


def written(session: Session | None = None, **changes: Any) -> dict[str, Any]:
    return document_of(session or a_session()) | changes


def read(document: object) -> Session:
    return session_from(json.dumps(document).encode())[0]


def assert_damaged(*contents: bytes) -> None:
    errors = failures_of(LocalFileDamaged, session_from, contents)
    assert all("damaged" in str(error) for error in errors)


@given(SESSIONS)
def test_document_round_trip(session: Session) -> None:
    assert read(document_of(session)) == session


def test_session_from_returns_the_whole_document() -> None:
    document = written(tokens="keyring", of_a_later_version=[1])
    session, whole = session_from(json.dumps(document).encode())
    assert session == a_session()
    assert (whole["tokens"], whole["of_a_later_version"]) == ("keyring", [1])
    # No token is part of a session.
    assert {name for name in document_of(a_session()) if "token" in name} == {"tokens_until"}
    # Earlier versions did not write this.
    document = written()
    del document["seen_at"]
    assert read(document) == a_session()


def test_other_content_is_damaged() -> None:
    assert_damaged(
        *(b"", b"\0" * 512, b"null", b"5", b"[]", b'"session"', b"{}", b'{"version": 1}'),
        *(b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b"1" * 5_000, b"NaN", b"\x1f\x8b\x08"),
    )
    # So is a missing field.
    names = {name for name in document_of(a_session()) if name != "seen_at"}
    documents = [{k: v for k, v in written().items() if k != name} for name in names]
    assert_damaged(*(json.dumps(document).encode() for document in documents))
    # So is a truncated session.
    content = json.dumps(written()).encode()
    assert_damaged(*(content[:length] for length in range(len(content))))


NO_TEXT = [None, 5, True, [], {}, "", "a\nb", "\x1b[31m", "\u202ea", " a", "a  b", "x" * 201]
MALFORMED: dict[str, list[Any]] = {
    "version": [0, 2, "1", None, [1], {}],
    **dict.fromkeys(("member_id", "username", "name", "row_id"), NO_TEXT),
    "avatar": NO_TEXT[1:],
    "binding": [
        *(None, 5, "here", [], {}, ["https://a", "1", "2"]),
        *(a_session().binding._asdict() | {k: v} for k in Binding._fields for v in NO_TEXT),
    ],
    # Not a list, or not one of texts.
    "role_ids": ["1001", {"1001": True}, *([role] for role in (*NO_TEXT, 1001, ["1001"]))],
}


def test_malformed_fields_are_damaged() -> None:
    documents = [written(**{k: value}) for k, values in MALFORMED.items() for value in values]
    assert_damaged(*(json.dumps(document).encode() for document in documents))


NO_TIMES = ["NaN", "Infinity", "-Infinity", "1e400", "null", "true", '"5"', "[]", "{}"]
# No float is that large, and math.isfinite raises OverflowError for it.
NO_TIMES.append("1" + "0" * 400)


def test_malformed_times_are_damaged() -> None:
    for name in ("checked_at", "tokens_until", "seen_at"):
        document = json.dumps(written(**{name: "HERE"}))
        assert_damaged(*(document.replace('"HERE"', value).encode() for value in NO_TIMES))


def test_flags_other_than_true_are_false() -> None:
    for name in ("is_in_guild", "is_new", "is_recorded"):
        for value in (None, 1, "true", [], "yes"):
            session = read(written(a_session(is_recorded=True), **{name: value}))
            assert getattr(session, name) is False, (name, value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([*document_of(a_session())]), JSON)
def test_any_field_value_gives_a_session_or_damage(name: str, value: object) -> None:
    content = json.dumps(written(**{name: value})).encode()
    try:
        session, _ = session_from(content)
    except LocalFileDamaged:
        return
    # Then it can be written and read again, and its texts can be shown.
    assert read(document_of(session)) == session
    assert "".join([*session.binding, session.name, *session.role_ids]).isprintable()


@given(st.binary(max_size=200))
def test_any_content_gives_a_session_or_damage(content: bytes) -> None:
    assert_damaged(content)
