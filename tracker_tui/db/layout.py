"""The layout of a database: which tables and columns it has.

Data contract, "Schemas met in the wild".
Guilds use three schemas, told apart by their columns, so a query asks the layout before it names an
optional column. For example, a change of the quantity at Hagga writes only `quantity_hagga` in a
founding database, and `quantity_location_1` as well in a later one:

    layout.with_newer_columns({ResourceRow.quantity_hagga: 515})

A layout comes from `pragma_table_info`, never from trying a query: SQLite reads an unknown name in
double quotes, as Peewee writes names, as a text. The program remembers the layout of each database
together with a fingerprint of it. SQLite raises its `schema_version` with each ALTER TABLE, so a
fingerprint that is still the same proves that the layout is, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from peewee import SQL, Field, Model, RawQuery

from tracker_tui.db.database import NUMBER, TEXT, Database, Rows, RowType
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
from tracker_tui.errors import NotATrackerDatabase

_COLUMNS_OF_ALL_TABLES = """
    SELECT tables.name, columns.name
    FROM sqlite_master AS tables JOIN pragma_table_info(tables.name) AS columns
    WHERE tables.type = 'table'
"""
# A restored backup brings its own `schema_version`, perhaps the same number. The total length of
# the definitions tells it apart.
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
"""Columns without which a table belongs to another program that uses the same name.

`init` must not add them: existing rows would claim quantities and members that were never entered.
"""
FINGERPRINT: Final = SQL(f"({_FINGERPRINT.strip()})")
"""A text that changes whenever a table that our changes depend on is altered."""
_ROW: Final = RowType(TEXT, TEXT)
_FINGERPRINT_ROW: Final = RowType(TEXT)


class SchemaKind(StrEnum):
    """The schemas met in the wild; NONE is an empty database, FOREIGN another program's."""

    NONE = "none"
    FOUNDING = "founding"
    MIDDLE = "middle"
    LATER = "later"
    FOREIGN = "foreign"


class Layout:
    """The columns of each table, as they were when the database was last examined."""

    def __init__(self, columns: Mapping[str, frozenset[str]]) -> None:
        self.columns = columns

    @staticmethod
    def query() -> RawQuery:
        """Return the query for `from_rows`."""
        return RawQuery(_COLUMNS_OF_ALL_TABLES)

    @staticmethod
    def fingerprint_query() -> RawQuery:
        """Return the query for `fingerprint_from`."""
        return RawQuery(_FINGERPRINT)

    @staticmethod
    def fingerprint_from(rows: Rows) -> str:
        """Return the FINGERPRINT from the rows of `fingerprint_query`; raises AnswerLost."""
        return str(_FINGERPRINT_ROW.only(rows)[0])

    @staticmethod
    def version_query() -> RawQuery:
        """Return the query for `is_version_of`: the part of the FINGERPRINT that reads no rows."""
        return RawQuery("PRAGMA schema_version")

    @staticmethod
    def is_version_of(rows: Rows, fingerprint: str | None) -> bool:
        """Whether the rows of `version_query` fit this fingerprint; raises AnswerLost."""
        (version,) = NUMBER.only(rows)
        return fingerprint is not None and fingerprint.partition(":")[0] == str(version)

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[Any, ...]]) -> Layout:
        """Build a layout from rows of (table name, column name); raises AnswerLost."""
        columns: dict[str, set[str]] = {}
        for table, column in _ROW.checked(list(rows)):
            # SQLite ignores the case of ASCII letters in names.
            columns.setdefault(table.lower(), set()).add(column.lower())
        return cls({table: frozenset(names) for table, names in columns.items()})

    @classmethod
    def founding(cls) -> Layout:
        """Return the layout that every schema includes, for a database not examined yet."""
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
        """Whether quantities are also written to the newer columns."""
        return all(self.has(ours) for _, ours in LOCATION_PAIRS)

    @property
    def has_settings(self) -> bool:
        """Whether the website's table of settings exists."""
        return self.has(GlobalSetting.setting_key) and self.has(GlobalSetting.setting_value)

    @property
    def missing(self) -> list[str]:
        """Missing tables of the contract, and missing columns of the other tables."""
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

        `for_changes` requires only the tables that a change is written to: changes also work
        without a table of members.
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
                f"{where} is not a tracker database: it has no {missing}. Set "
                "TURSO_DATABASE_URL to the right one, or add what is missing: "
                "tracker-tui init --plan"
            )
            raise NotATrackerDatabase(message)

    @property
    def _has_what_changes_need(self) -> bool:
        needed = {_table(model) for model in (ResourceRow, HistoryRow, LeaderboardRow)}
        return needed.isdisjoint(name.partition(".")[0] for name in self.missing)

    def with_newer_columns(self, values: Mapping[Field, Any]) -> dict[Field, Any]:
        """Return values to write, repeated for the newer columns that exist (LOCATION_PAIRS)."""
        written = dict(values)
        for older, newer in LOCATION_PAIRS:
            if older in values and self.has(newer):
                written[newer] = values[older]
        return written


def read_layout(database: Database) -> Layout:
    """Read the layout of a database; raises LedgerError."""
    return Layout.from_rows(database.batch([Layout.query()])[0].rows)


def _table(model: type[Model]) -> str:
    return str(model._meta.table_name)  # noqa: SLF001 - Peewee's own way in
