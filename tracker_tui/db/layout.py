"""Which tables and columns a database has (data contract, "Schemas met in the wild")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from peewee import SQL, Field, Model, RawQuery

from tracker_tui.db.database import Database, Rows
from tracker_tui.db.models import (
    LOCATION_PAIRS,
    OPTIONAL,
    TABLES,
    GlobalSetting,
    HistoryRow,
    LeaderboardRow,
    ResourceRow,
    User,
)
from tracker_tui.db.row_types import NUMBER, TEXT, RowType
from tracker_tui.errors import NotATrackerDatabase

# Asked of the pragma, never of a query: SQLite reads an unknown name in double quotes as a text.
_COLUMNS_OF_ALL_TABLES = """
    SELECT tables.name, columns.name
    FROM sqlite_master AS tables JOIN pragma_table_info(tables.name) AS columns
    WHERE tables.type = 'table'
"""


# SQLite counts changes of the schema. The lengths tell a file apart that was put in place of
# another, as restoring a backup does: it brings a count of its own, which may be the same one.
_FINGERPRINT = """
    SELECT schema_version || ':' || (
        SELECT IFNULL(SUM(LENGTH(sql)), 0) FROM sqlite_master
        WHERE type = 'table'
        AND LOWER(name) IN ('resources', 'resource_history', 'leaderboard', 'global_settings')
    )
    FROM pragma_schema_version
"""
_IDENTIFYING: Final[tuple[Field, ...]] = (
    User.discord_id,
    ResourceRow.quantity_hagga,
    ResourceRow.quantity_deep_desert,
    HistoryRow.resource,
    HistoryRow.new_quantity_hagga,
    HistoryRow.new_quantity_deep_desert,
    LeaderboardRow.user_id,
    LeaderboardRow.final_points,
)
"""Columns without which a table is another program's table of the same name.

Added to rows that are there, they would claim quantities and members that nobody ever entered.
"""
FINGERPRINT: Final = SQL(f"({_FINGERPRINT.strip()})")
"""A text that is another one once one of the tables that a change depends on was changed."""
_ROW: Final = RowType(TEXT, TEXT)
_FINGERPRINT_ROW: Final = RowType(TEXT)


class SchemaKind(StrEnum):
    """The schemas met in the wild, and what is none of them."""

    NONE = "none"
    FOUNDING = "founding"
    MIDDLE = "middle"
    LATER = "later"
    FOREIGN = "foreign"


class Layout:
    """The columns of each table, as they were when the database was last looked at."""

    def __init__(self, columns: Mapping[str, frozenset[str]]) -> None:
        self.columns = columns

    @staticmethod
    def query() -> RawQuery:
        """Return the query whose rows `from_rows` understands."""
        return RawQuery(_COLUMNS_OF_ALL_TABLES)

    @staticmethod
    def fingerprint_query() -> RawQuery:
        """Return the query of the FINGERPRINT alone."""
        return RawQuery(_FINGERPRINT)

    @staticmethod
    def fingerprint_from(rows: Rows) -> str:
        """Return the fingerprint in the rows of `fingerprint_query`; raises AnswerLost."""
        return str(_FINGERPRINT_ROW.only(rows)[0])

    @staticmethod
    def version_query() -> RawQuery:
        """Return the query of the part of the FINGERPRINT that costs nothing: no row is read."""
        return RawQuery("PRAGMA schema_version")

    @staticmethod
    def is_version_of(rows: Rows, fingerprint: str | None) -> bool:
        """Whether the rows of `version_query` are those of a schema with this fingerprint.

        Raises AnswerLost where they are none.
        """
        (version,) = NUMBER.only(rows)
        return fingerprint is not None and fingerprint.partition(":")[0] == str(version)

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[Any, ...]]) -> Layout:
        """Build a layout from rows of (table name, column name).

        Raises AnswerLost where they are none.
        """
        columns: dict[str, set[str]] = {}
        for table, column in _ROW.checked(list(rows)):
            # SQLite's names ignore the case of ASCII letters.
            columns.setdefault(table.lower(), set()).add(column.lower())
        return cls({table: frozenset(names) for table, names in columns.items()})

    @classmethod
    def founding(cls) -> Layout:
        """Return what every schema of the contract has, for a database not looked at yet."""
        return cls(
            {
                _table(model): frozenset(
                    field.column_name
                    for field in model._meta.sorted_fields  # noqa: SLF001 - Peewee's own way in
                    if field not in OPTIONAL
                )
                for model in TABLES
            }
        )

    def has(self, field: Field) -> bool:
        """Whether the database has the column of this field."""
        return field.column_name.lower() in self.columns.get(_table(field.model), ())

    @property
    def has_locations(self) -> bool:
        """Whether quantities are written to the newer columns too."""
        return all(self.has(ours) for _, ours in LOCATION_PAIRS)

    @property
    def has_settings(self) -> bool:
        """Whether there is a table of the website's settings."""
        return self.has(GlobalSetting.setting_key) and self.has(GlobalSetting.setting_value)

    @property
    def missing(self) -> list[str]:
        """Tables of the contract that are not there, and columns of those that are."""
        absent: list[str] = []
        for model in TABLES:
            table = _table(model)
            if table not in self.columns:
                absent.append(table)
                continue
            absent += [
                f"{table}.{field.column_name}"
                for field in model._meta.sorted_fields  # noqa: SLF001 - Peewee's own way in
                if field not in OPTIONAL and not self.has(field)
            ]
        return absent

    @property
    def kind(self) -> SchemaKind:
        """The schema that the columns belong to."""
        if not any(_table(model) in self.columns for model in TABLES):
            return SchemaKind.FOREIGN if self.columns else SchemaKind.NONE
        if self.missing:
            return SchemaKind.FOREIGN
        if self.has_locations:
            return SchemaKind.LATER
        if self.has(ResourceRow.subcategory) or self.has(ResourceRow.tier):
            return SchemaKind.MIDDLE
        return SchemaKind.FOUNDING

    def require_no_foreign_table(self, where: str) -> None:
        """Raise NotATrackerDatabase if a table of our name belongs to another program."""
        for field in _IDENTIFYING:
            table = _table(field.model)
            if table in self.columns and not self.has(field):
                message = (
                    f"{where} belongs to another program: its table {table} has no column "
                    f"{field.column_name}. Nothing was changed. Set TURSO_DATABASE_URL to your "
                    "guild's database."
                )
                raise NotATrackerDatabase(message)

    def require_ours(self, where: str, *, for_changes: bool = False) -> None:
        """Raise NotATrackerDatabase, with what to do, unless this is a schema of the contract.

        `for_changes` is content with the tables that changes go into: members without names and
        locations without settings keep nobody from a change.
        """
        if for_changes and self._has_what_changes_need:
            return
        self.require_no_foreign_table(where)
        if self.kind is SchemaKind.NONE:
            message = f"{where} is an empty database. `tracker-tui init --starter` fills it."
            raise NotATrackerDatabase(message)
        if self.kind is SchemaKind.FOREIGN:
            missing = ", ".join(self.missing[:6])
            message = (
                f"{where} is no tracker database: it has no {missing}. Set TURSO_DATABASE_URL to "
                "the right one, or add what is missing: tracker-tui init --plan"
            )
            raise NotATrackerDatabase(message)

    @property
    def _has_what_changes_need(self) -> bool:
        needed = {_table(model) for model in (ResourceRow, HistoryRow, LeaderboardRow)}
        return needed.isdisjoint(name.partition(".")[0] for name in self.missing)

    def doubled(self, values: Mapping[Field, Any]) -> dict[Field, Any]:
        """Return values to write, with the newer columns beside the older where they exist."""
        written = dict(values)
        for older, newer in LOCATION_PAIRS:
            if older in values and self.has(newer):
                written[newer] = values[older]
        return written


def read_layout(database: Database) -> Layout:
    """Ask a database for its columns; raises LedgerError."""
    return Layout.from_rows(database.batch([Layout.query()])[0].rows)


def _table(model: type[Model]) -> str:
    return str(model._meta.table_name)  # noqa: SLF001 - Peewee's own way in
