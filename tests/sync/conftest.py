"""Programs on one machine that share a store and a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from helpers.build import PLAYER
from helpers.ledger_under_test import Books
from helpers.stores import OpenStore
from sync.programs import Clock, Program
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.sync.outbox import OUTBOX_NAME, Outbox

Start = Callable[[], Program]
MakeOutbox = Callable[[], Outbox]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a store that was never opened."""
    return tmp_path / "guilds" / "key"


@pytest.fixture
def outbox_path(folder: Path) -> Path:
    return folder / OUTBOX_NAME


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_outbox(outbox_path: Path) -> Iterator[MakeOutbox]:
    """Open the outbox as another running program."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(Outbox(outbox_path, PLAYER, "the guild")))


@pytest.fixture
def start(folder: Path, clock: Clock, ledger: Ledger) -> Iterator[Start]:
    """Start another program on the same machine, for the same guild."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(Program(folder, ledger, clock)))


@pytest.fixture
def program(start: Start, books: Books) -> Program:
    """A program that has read the guild's 1,000 Spice at Hagga."""
    books.run("UPDATE resources SET quantity_hagga = 1000")
    program = start()
    program.refresh()
    return program


@pytest.fixture
def open_store(folder: Path) -> Iterator[OpenStore]:
    with closing(OpenStore(folder)) as open_store:
        yield open_store
