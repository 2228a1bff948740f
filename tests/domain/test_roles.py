"""Members' rights (data contract, "Who may do what")."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_tui.domain.roles import Right, RolesConfigError, parse_roles, rights_of, roles_with

FLAGS = {
    "canAccessResources": Right.ACCESS_RESOURCES,
    "canEditTargets": Right.EDIT_TARGETS,
    "isAdmin": Right.ADMIN,
    "canManageUsers": Right.MANAGE_USERS,
    "canExportData": Right.EXPORT_DATA,
}
GUILD = json.dumps(
    [
        {"id": "1", "name": "Member", "level": 1, "canAccessResources": True},
        {"id": "2", "name": "Officer", "level": 5}
        | {"canAccessResources": True, "canEditTargets": True},
        {"id": "3", "name": "Leader", "level": 9, "isAdmin": True, "canManageUsers": True},
        {"id": "4", "name": "Guest", "level": 0},
    ]
)


def test_several_roles_combine_their_rights() -> None:
    assert rights_of(["2", "3", "4"], parse_roles(GUILD)) == set(Right) - {Right.EXPORT_DATA}
    # So does one that is configured twice.
    twice = parse_roles('[{"id":"1","isAdmin":true},{"id":"1","canExportData":true}]')
    assert rights_of(["1"], twice) == {Right.ADMIN, Right.EXPORT_DATA}


def test_rights_that_are_not_configured_are_granted_to_no_member() -> None:
    roles = parse_roles(GUILD)
    for held in ([], ["4"], ["99"], ["Member"], ["1 "], [""], ["01"]):
        assert rights_of(held, roles) == frozenset(), held
    assert rights_of(["1", "2"], parse_roles("[]")) == frozenset()
    # Not even to an admin
    assert rights_of(["3"], roles) == {Right.ADMIN, Right.MANAGE_USERS}
    assert Right.EXPORT_DATA not in rights_of(["1", "2", "3", "4"], roles)
    assert roles_with(Right.EXPORT_DATA, roles) == []
    text = '[{"id":"1","name":"R","level":1,"isAdmin":false,"canDoAll":true,"ISADMIN":true}]'
    assert rights_of(["1"], parse_roles(text)) == frozenset()
    # The roles with a right are listed highest first.
    assert roles_with(Right.ACCESS_RESOURCES, parse_roles(GUILD)) == ["Officer", "Member"]
    # Name and level may be left out.
    (role,) = parse_roles('[{"id":"123456789012345678","canAccessResources":true}]')
    assert (role.id, role.level) == ("123456789012345678", 0)


def test_malformed_roles_are_rejected_with_a_clear_error() -> None:
    for text in (
        *("", " ", "no json", "[", "[{]", "{}", "null", "true", "1", '"[]"', "[]]", "[],"),
        *("[1]", '["1"]', "[[]]", "[{}]", "[null]", "[{'id':'1'}]", '[{"id":"1"},]', "\ufeff[]"),
        *('[{"name":"R","isAdmin":true}]', '[{"id":"1","isAdmin":true},"x"]'),
        *(f'[{{"id":{value}}}]' for value in ("null", '""', '["1"]', "true")),
        *(f'[{{"id":"1","level":{value}}}]' for value in ('"high"', "true", "1.5", "NaN", "null")),
        f'[{{"id":"1","level":{"9" * 5_000}}}]',
        *(f'[{{"id":"1","isAdmin":{value}}}]' for value in ('"true"', '"false"', "1", "null")),
        '[{"id":"1","isAdmin":[]}]',
        "[" * 100_000,
        '[{"id":' * 50_000,
    ):
        with pytest.raises(RolesConfigError, match="DISCORD_ROLES_CONFIG"):
            parse_roles(text)
    # An id without quotes lost its last digits.
    with pytest.raises(RolesConfigError, match="entry 2"):
        parse_roles('[{"id":"1"},{"id":123456789012345678,"isAdmin":true}]')


def test_a_name_of_nested_lists_is_a_name_or_is_rejected() -> None:
    for depth in (10, 900, 5_000, 100_000):
        with suppress(RolesConfigError):
            roles = parse_roles('[{"id":"1","name":' + "[" * depth + "]" * depth + "}]")
            assert isinstance(roles[0].name, str), depth


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "name", "level", *FLAGS]) | st.text(max_size=3), children
        )
    ),
    max_leaves=12,
)


@given(JSON.map(json.dumps) | st.text() | st.text('[]{}":,1tfn '))
def test_any_text_is_roles_or_a_roles_config_error(text: str) -> None:
    try:
        roles = parse_roles(text)
    except RolesConfigError:
        return
    for role in roles:
        assert isinstance(role.id, str)
        assert role.id
        assert isinstance(role.name, str)
        assert role.rights <= set(Right)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"id": st.sampled_from("abcd"), "level": st.integers()},
            optional={flag: st.booleans() for flag in FLAGS},
        ),
        max_size=6,
    ),
    st.sets(st.sampled_from("abcde")),
)
def test_a_member_has_a_flag_if_any_of_their_roles_has_it(
    entries: list[dict[str, Any]], held: set[str]
) -> None:
    assert {right.value for right in Right} == set(FLAGS)
    rights = rights_of(held, parse_roles(json.dumps(entries)))
    for flag, right in FLAGS.items():
        assert (right in rights) is any(
            entry["id"] in held and entry.get(flag, False) for entry in entries
        )
