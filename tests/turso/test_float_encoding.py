"""Floats keep their last place on the way to a server that rounds twice."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_tui.turso import Connection, connect
from tracker_tui.turso.values import float_literal, with_exact_floats


@pytest.fixture
def connection(remote_url: str) -> Iterator[Connection]:
    with closing(connect(remote_url)) as connection:
        yield connection


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_numeral_always_means_its_float(number: float) -> None:
    assert float(float_literal(number)) == number


@pytest.mark.parametrize("number", [0.0, -0.0, 0.1, -2.5, 1e300, 5e-324, 220.0, 2.205])
def test_what_is_read_rightly_stays_as_it_is(number: float) -> None:
    assert float_literal(number) == repr(number)


def test_only_floats_are_touched() -> None:
    text = '{"type":"text","value":"\\"type\\":\\"float\\",\\"value\\":1.4000000000000001}"}'
    assert with_exact_floats(text) == text


def test_hardly_any_float_loses_its_last_place(connection: Connection) -> None:
    dice = random.Random(7)
    numbers = [dice.uniform(0, 1000) for _ in range(900)]
    marks = ", ".join("?" * len(numbers))
    arrived = connection.execute(f"SELECT {marks}", numbers).fetchone()
    # One in eight without the numerals; for one in some hundreds none is found.
    assert sum(sent != came for sent, came in zip(numbers, arrived, strict=True)) < 9
