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


def record(
    guild: Guild,
    entry_id: str,
    change: int,
    *,
    before: tuple[int, int] = (1_000, 200),
    **given: Any,
) -> None:
    """Write a history entry: `change` at Hagga, on top of the quantities before."""
    hagga, deep_desert = before
    row = {"previous_quantity_hagga": hagga, "new_quantity_hagga": hagga + change}
    row |= {"change_amount_hagga": change, "change_amount_deep_desert": 0}
    row |= dict.fromkeys(("previous_quantity_deep_desert", "new_quantity_deep_desert"), deep_desert)
    origin = {"resource_id": "spice", "updated_by": STILGAR, "created_at": NOW - HOUR}
    origin |= {"id": entry_id, "change_type": "relative", "reason": None}
    guild.add("resource_history", **row | origin | given)


def add_points(guild: Guild, row_id: str, points: float, **given: Any) -> None:
    row = {"quantity_changed": 500, "base_points": points, "final_points": points}
    row |= {"resource_multiplier": 1.0, "status_bonus": 0.0}
    of = {"id": row_id, "user_id": STILGAR, "resource_id": "spice", "action_type": "ADD"}
    of |= {"resource_name": "Spice Melange", "resource_category": "Refined"}
    of |= {"resource_status": "at_target", "created_at": NOW - HOUR}
    guild.add("leaderboard", **row | of | given)


def add_user(guild: Guild, discord_id: str, nickname: str | None, username: str = "x") -> None:
    """Write the row of a signed-in member."""
    row = {"id": f"user-{discord_id}", "discord_id": discord_id, "username": username}
    guild.add("users", **row, custom_nickname=nickname, created_at=NOW, last_login=NOW)


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


def some_weeks(guild: Guild) -> None:
    add_user(guild, STILGAR, "Stilgar", "stil")
    add_user(guild, "7002", None, "jessica")
    days_ago = [(0, 2 * HOUR), (1, 0), (2, HOUR), (5, 0), (12, 0), (40, 0)]
    for number, (days, seconds) in enumerate(days_ago):
        at = NOW - days * DAY - seconds - 10 * MINUTE
        record(guild, f"a{number}", 100 + number, created_at=at, reason=f"spice run {number}")
        of = {"resource_id": "water", "updated_by": "7002", "created_at": at - MINUTE}
        record(guild, f"b{number}", -10 - number, **of)
        add_points(guild, f"a{number}", 10.0 + number, created_at=at)
    move = {"change_type": "transfer", "reason": "before the storm", "updated_by": MEMBER}
    move |= {"new_quantity_deep_desert": 230, "change_amount_deep_desert": 30}
    record(guild, "moved", -30, transfer_amount=30, transfer_direction="to_deep_desert", **move)
    record(guild, "counted", 0, change_type="absolute", updated_by=MEMBER, created_at=NOW - MINUTE)
    add_points(guild, "mine", 5.5, user_id=MEMBER, resource_multiplier=1.1, base_points=5.0)
    add_points(guild, "old", 2.0, user_id="stil", created_at=NOW - 2 * DAY)


def table_of(player: Player) -> HistoryTable:
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
