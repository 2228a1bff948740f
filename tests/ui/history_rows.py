"""Rows of history and leaderboard for tests, and helpers that read the tables on screen."""

from __future__ import annotations

from typing import Any

from tracker_tui.ui.activity.activity_screen import ActivityScreen
from tracker_tui.ui.history.history_entries_screen import EntriesScreen
from tracker_tui.ui.history.history_table import HistoryTable
from tracker_tui.ui.leaderboard.leaderboard_screen import LeaderboardScreen
from ui.conftest import DAY, HOUR, MEMBER, MINUTE, NOW, Guild, Player

STILGAR = "7001"
"""The Discord id of Stilgar."""


def record(guild: Guild, entry_id: str, change: int, **given: Any) -> None:
    """Write a history entry: `change` at Hagga, on top of 1,000 there."""
    row = {
        "id": entry_id,
        "resource_id": "spice",
        "previous_quantity_hagga": 1_000,
        "new_quantity_hagga": 1_000 + change,
        "change_amount_hagga": change,
        "previous_quantity_deep_desert": 200,
        "new_quantity_deep_desert": 200,
        "change_amount_deep_desert": 0,
        "change_type": "relative",
        "updated_by": STILGAR,
        "reason": None,
        "created_at": NOW - HOUR,
    } | given
    _insert(guild, "resource_history", row)


def add_points(guild: Guild, row_id: str, points: float, **given: Any) -> None:
    """Write a leaderboard row."""
    row = {
        "id": row_id,
        "user_id": STILGAR,
        "resource_id": "spice",
        "action_type": "ADD",
        "quantity_changed": 500,
        "base_points": points,
        "resource_multiplier": 1.0,
        "status_bonus": 0.0,
        "final_points": points,
        "resource_name": "Spice Melange",
        "resource_category": "Refined",
        "resource_status": "at_target",
        "created_at": NOW - HOUR,
    } | given
    _insert(guild, "leaderboard", row)


def add_user(guild: Guild, discord_id: str, nickname: str | None, username: str = "x") -> None:
    """Write the row of a signed-in member."""
    row = {
        "id": f"user-{discord_id}",
        "discord_id": discord_id,
        "username": username,
        "custom_nickname": nickname,
        "created_at": NOW,
        "last_login": NOW,
    }
    _insert(guild, "users", row)


def fill(guild: Guild, entries: int) -> None:
    """Replace the history with entries `+1`, `+2`, …, ten minutes apart, oldest first."""
    guild.sql("DELETE FROM resource_history")
    guild.sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
        "INSERT INTO resource_history (id, resource_id, previous_quantity_hagga, "
        "new_quantity_hagga, change_amount_hagga, previous_quantity_deep_desert, "
        "new_quantity_deep_desert, change_amount_deep_desert, change_type, updated_by, reason, "
        "created_at) SELECT 'entry-' || i, CASE i % 2 WHEN 0 THEN 'spice' ELSE 'water' END, "
        "0, i, i, 0, 0, 0, 'relative', ?, 'trip ' || i, ? - (? - i) * 600 FROM n",
        *(entries, STILGAR, NOW - MINUTE, entries),
    )


def _insert(guild: Guild, table: str, row: dict[str, Any]) -> None:
    marks = ", ".join("?" * len(row))
    guild.sql(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", *row.values())


def some_weeks(guild: Guild) -> None:
    """Write changes by three members over some weeks."""
    add_user(guild, STILGAR, "Stilgar", "stil")
    add_user(guild, "7002", None, "jessica")
    days_ago = [(0, 2 * HOUR), (1, 0), (2, HOUR), (5, 0), (12, 0), (40, 0)]
    for number, (days, seconds) in enumerate(days_ago):
        at = NOW - days * DAY - seconds - 10 * MINUTE
        record(guild, f"a{number}", 100 + number, created_at=at, reason=f"spice run {number}")
        record(
            guild,
            f"b{number}",
            -10 - number,
            resource_id="water",
            updated_by="7002",
            created_at=at - MINUTE,
        )
        add_points(guild, f"a{number}", 10.0 + number, created_at=at)
    record(
        guild,
        "moved",
        -30,
        change_type="transfer",
        new_quantity_deep_desert=230,
        change_amount_deep_desert=30,
        updated_by=MEMBER,
        reason="before the storm",
        transfer_amount=30,
        transfer_direction="to_deep_desert",
    )
    record(guild, "counted", 0, change_type="absolute", updated_by=MEMBER, created_at=NOW - MINUTE)
    add_points(guild, "mine", 5.5, user_id=MEMBER, resource_multiplier=1.1, base_points=5.0)
    add_points(guild, "old", 2.0, user_id="stil", created_at=NOW - 2 * DAY)


def table_of(player: Player) -> HistoryTable:
    """Return the table of entries on screen."""
    screen = player.app.screen
    assert isinstance(screen, EntriesScreen)
    return screen.table


def table_lines(player: Player) -> list[str]:
    """Return the lines of the table on screen, without its header and blank ones."""
    screen = player.app.screen
    assert isinstance(screen, EntriesScreen | LeaderboardScreen | ActivityScreen)
    region = screen.table.region
    return [line for line in player.lines()[region.y + 1 : region.bottom] if line.strip()]


def entries(player: Player) -> list[str]:
    """Return the table's entry lines, without day lines and the last line."""
    return [line for line in table_lines(player) if line[2:3] == ":"]


async def opens(player: Player, key: str) -> None:
    """Go to a main screen and wait until it has loaded."""
    await player.press(key)
    screen = player.app.screen
    assert isinstance(screen, EntriesScreen | LeaderboardScreen)
    if isinstance(screen, EntriesScreen):
        table = screen.table
        await player.until(
            lambda: table.read_at is not None or table.trouble is not None, "the answer"
        )
    else:
        await player.until(
            lambda: screen.read_at is not None or screen.trouble is not None, "the answer"
        )
