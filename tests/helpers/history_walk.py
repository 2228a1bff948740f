"""Read all pages of a history, each with one request, of a guild with names that are tricky."""

from __future__ import annotations

from typing import NamedTuple

from helpers.ledger_under_test import Books
from helpers.records import Known, add_members, insert_all, resource_row
from tracker_tui.db.remote import RemoteLedgerDatabase
from tracker_tui.domain.history import HistoryFilter, HistoryPage
from tracker_tui.domain.pages import PageCursor
from tracker_tui.ledger.history import HistoryQuery

MEMBERS = [
    Known("1", "paul", "Muad'Dib"),
    Known("2", "chani"),
    # Two members are called Naib, so a row under that name has no owner.
    Known("3", "stilgar", "Naib"),
    Known("4", "jamis", "Naib"),
    Known("5", "Usul", ""),
    # The name of this one is the id of another.
    Known("6", "1", "Gurney"),
    Known("7", "Würzmeister"),
]
RESOURCES = {"spice": "Spice", "water": "Water", "wuerze": "Würze", "ore": "100_Iron% ore"}


def found_guild(books: Books) -> None:
    """Insert members and resources, and no history."""
    add_members(books, *MEMBERS)
    insert_all(
        books, "resources", [resource_row(key, name=name) for key, name in RESOURCES.items()]
    )


class Walk(NamedTuple):
    """All pages of one filter."""

    pages: list[HistoryPage]
    befores: list[PageCursor | None]

    @property
    def ids(self) -> list[str | None]:
        return [entry.id for page in self.pages for entry in page.entries]


def walk(books: Books, chosen: HistoryFilter, limit: int, at_most: int = 200) -> Walk:
    """Read all pages; each is one request."""
    pages: list[HistoryPage] = []
    befores: list[PageCursor | None] = []
    before = None
    while not pages or not pages[-1].is_last:
        assert len(pages) < at_most, "paging never ends"
        befores.append(before)
        pages.append(ask_once(books, HistoryQuery(filter=chosen, before=before, limit=limit)))
        before = pages[-1].end
    return Walk(pages, befores)


def ask_once(books: Books, query: HistoryQuery) -> HistoryPage:
    """Ask a query, which is one request if the database is on a server."""
    database = books.database
    if not isinstance(database, RemoteLedgerDatabase):
        return books.ledger.ask(query)
    before = database.traffic.requests
    page = books.ledger.ask(query)
    assert database.traffic.requests == before + 1
    return page
