"""The layout that a database is believed to have, and how that belief is checked.

A guild may alter its tables while the program runs. Asking for the columns before each query would
cost a request, so the ledger uses what it knows and notices when that is out of date:

- a program that remembers a `CachedLayout` uses it from the start;
- a full refresh reads the columns along with the rows;
- a small refresh or a query reads `PRAGMA schema_version`, which is next to nothing;
- the change of an `edit` carries the fingerprint in its guards, so another layout rejects it;
- a statement that fails because of a name makes the ledger look again and repeat it once.

For example, the website adds `quantity_location_1` while players are online. The next refresh sees
another schema version and reads the columns; changes from then on write both. An `edit` that used
the old layout fails its guard, reads the columns, and is sent again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from tracker_tui.db.database import Database, Rows
from tracker_tui.db.layout import Layout
from tracker_tui.domain.quantities import Location
from tracker_tui.errors import (
    AnswerLost,
    DatabaseBusy,
    DatabaseUnreachable,
    LedgerError,
    StatementRejected,
)
from tracker_tui.ledger.changes import ChangeStatements
from tracker_tui.ledger.resources import DEFAULT_PLACES, place_settings, places_from

T = TypeVar("T")


class CachedLayout(NamedTuple):
    """A database's layout and names from an earlier run, which save a request."""

    layout: Layout
    fingerprint: str | None
    """`db.layout.FINGERPRINT` when the layout was read; the layout is void if it differs.

    None fits no database: an earlier version of the program stored another kind of fingerprint."""
    places: dict[Location, str]
    """The guild's names for the two locations."""


Remember = Callable[[CachedLayout], object]
"""Stores a layout for the next run."""


class CurrentLayout:
    """The layout of one database, and the statements that fit it."""

    def __init__(self, database: Database, layout: Layout) -> None:
        self.statements = ChangeStatements(layout)
        self.fingerprint: str | None = None
        """None until the schema was read, or remembered from an earlier run."""
        self.places = dict(DEFAULT_PLACES)
        self._database = database

    @property
    def layout(self) -> Layout:
        """The columns that the database had when it was last examined."""
        return self.statements.layout

    def use(self, cached: CachedLayout) -> None:
        """Believe what an earlier run learned."""
        self.statements, self.places = ChangeStatements(cached.layout), cached.places
        self.fingerprint = cached.fingerprint

    def adopt(self, columns: Rows, fingerprint: Rows, *, for_changes: bool = False) -> bool:
        """Use the columns that a query found; return whether they are new.

        `for_changes` requires only the tables that a change is written to. Raises
        NotATrackerDatabase.
        """
        found = Layout.from_rows(columns)
        found.require_ours(self._database.where, for_changes=for_changes)
        self.fingerprint = Layout.fingerprint_from(fingerprint)
        if found.columns == self.layout.columns:
            return False
        self.statements = ChangeStatements(found)
        return True

    def look_again(self, *, for_changes: bool = False) -> bool:
        """Read the columns; return whether they are new. See `adopt`."""
        columns, fingerprint = self._database.batch([Layout.query(), Layout.fingerprint_query()])
        return self.adopt(columns.rows, fingerprint.rows, for_changes=for_changes)

    def retried(self, work: Callable[[], T]) -> T:
        """Do some work; if a statement failed and the columns are new, do it once more."""
        try:
            return work()
        except StatementRejected:
            if not self.look_again():
                raise
        return work()

    def learn(
        self, remember: Remember, *, with_places: bool = True, for_changes: bool = False
    ) -> CachedLayout:
        """Read the columns and, `with_places`, the names of locations, and remember both."""
        self.look_again(for_changes=for_changes)
        reads_places = with_places and self.layout.has_settings
        places = self._read_places() if reads_places else dict(DEFAULT_PLACES)
        cached = CachedLayout(layout=self.layout, fingerprint=self.fingerprint, places=places)
        remember(cached)
        return cached

    def _read_places(self) -> dict[Location, str]:
        try:
            (settings,) = self._database.batch([place_settings()])
        except (DatabaseBusy, DatabaseUnreachable):
            raise
        except LedgerError:
            # Our token may not read the settings. Changes work without the names.
            return dict(DEFAULT_PLACES)
        try:
            return places_from(settings.rows)
        except AnswerLost:
            return dict(DEFAULT_PLACES)
