"""The Leaderboard screen, a member's contributions, and My activity, by keys alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tracker_tui.ui.leaderboard.leaderboard_screen import LeaderboardScreen
from ui.conftest import DAY, HOUR, MEMBER, NARROW, NOW, TALL, WIDE, Guild, Player, playing
from ui.history_rows import (
    STILGAR,
    add_points,
    add_user,
    entries,
    opens,
    record,
    some_weeks,
    table_lines,
)


@asynccontextmanager
async def watching(guild: Guild, size: tuple[int, int] = WIDE) -> AsyncIterator[Player]:
    async with playing(guild, size) as player:
        await opens(player, "3")
        yield player


def rankings(player: Player) -> list[list[str]]:
    return [line.split() for line in table_lines(player)]


def own_line(player: Player) -> str:
    """Return the line below the table."""
    screen = player.app.screen
    assert isinstance(screen, LeaderboardScreen)
    return player.lines()[screen.own_row.region.y]


async def shows(player: Player, wanted: list[tuple[str, ...]], *words: int) -> None:
    """Read again, and wait until these words of each row are the wanted ones."""
    await player.press("r")
    await player.until(
        lambda: [tuple(row[i] for i in words) for row in rankings(player)] == wanted, f"{wanted}"
    )


async def test_members_are_ranked_by_the_points_of_a_period(guild: Guild) -> None:
    some_weeks(guild)
    async with watching(guild, TALL) as player:
        for size in (NARROW, (200, 60), (60, 15), TALL):
            await player.resize(*size)
            first, second = rankings(player)
            # 10 + 11 + 12 + 13 under the id, and 2 under an old name.
            assert first[:4] == ["1", "Stilgar", "48.00", "5"], size
            assert second[:5] == ["2", "▸", "Chani", "5.50", "1"], size
            assert first[-3:-1] == ["90", "%"], size
            player.assert_laid_out()
        await player.press("y")
        copied = "1. Stilgar: 48.00 points, 5 actions in the last 7d"
        assert player.app.clipboard == copied
        # Contributions include the old name.
        await player.press("enter")
        await player.sees("Stilgar   #1", "10.00")
        finals = [line.split() for line in player.dialog() if "Spice Melange" in line]
        assert [words[4] for words in finals] == ["10.00", "11.00", "2.00", "12.00", "13.00"]
        await player.press("escape")
        points = {}
        for key in ("left", "right", "f", "right"):
            await player.press(key)
            await player.until(lambda: len(rankings(player)) == 2, "the answer")
            period = player.line("all").split("▐")[1].split("▌")[0]
            points[period] = rankings(player)[0][2]
        assert points == {"24h": "10.00", "7d": "48.00", "30d": "62.00", "all": "77.00"}
        player.click(*player.place(" 7d "))
        await player.sees("▐7d▌", "48.00")
        # A failed read is shown and the leaderboard stays.
        shown = table_lines(player)
        guild.sql("ALTER TABLE leaderboard RENAME TO gone")
        await player.press("r")
        await player.sees("read just now", "unavailable since")
        assert table_lines(player)[: len(shown)] == shown
        await player.press("right", "right")
        await player.reads("it has no leaderboard.")
        guild.sql("ALTER TABLE gone RENAME TO leaderboard")
        await player.press("r")
        await player.until(lambda: rankings(player)[0][:3] == ["1", "Stilgar", "77.00"], "it")
        player.burst("1/melange\r+1k\r3")
        # 1,000 times 1.1 without a bonus, plus the earlier points.
        await player.sees("115.50")


async def test_ranks_of_few_and_of_many_members(guild: Guild) -> None:
    async with watching(guild, NARROW) as player:
        await player.sees("No points in the last 7d.")
        await player.press("enter", "y", "j", "G")
        await player.sees("No points in the last 7d.")
        # Changes of ranks compare with the previous period.
        for number, (who, points, days) in enumerate(
            [("up", 9, 0), ("up", 1, 8), ("down", 5, 0), ("down", 7, 8), ("fresh", 3, 0)]
        ):
            add_points(guild, f"r{number}", points, user_id=who, created_at=NOW - days * DAY - HOUR)
        await shows(player, [("up", "▲1"), ("down", "▼1"), ("fresh", "new")], 1, -1)
        assert "you have no points in this period" in own_line(player)
        await player.press("left", "left")
        await player.sees("▐all▌")
        await shows(player, [("down", "%"), ("up", "%"), ("fresh", "%")], 1, -1)
        # The own row stays visible.
        for number in range(60):
            add_points(guild, f"m{number}", 100.0 - number, user_id=f"member {number}")
        add_points(guild, "mine", 0.5, user_id=MEMBER)
        await player.press("r")
        await player.until(
            lambda: own_line(player).split()[:4] == ["64", "▸", "Chani", "0.50"], "the own row"
        )
        await player.press("G")
        await player.until(lambda: "Chani" in table_lines(player)[-1], "the last row")
        assert own_line(player).split()[:2] == ["64", "▸"]
        player.assert_laid_out()


async def test_enter_shows_contributions_and_how_points_are_computed(guild: Guild) -> None:
    add_user(guild, STILGAR, "[bold]S[/bold]\x1b[2J")
    points = {"base_points": 50.0, "resource_multiplier": 2.0, "status_bonus": 0.1}
    points |= {"resource_status": "critical", "resource_name": "[red]x\x1b[0m"}
    add_points(guild, "r1", 110.0, **points)
    add_points(guild, "r2", 1.0, action_type="SET", resource_category="Raw", base_points=1.0)
    async with watching(guild) as player:
        for size in (WIDE, NARROW, (60, 15)):
            await player.resize(*size)
            await player.press("enter")
            await player.sees("#1, 111.00 points in the last 7d", "[bold]S[/bold]", "By category")
            if size != (60, 15):
                await player.sees("+500", "[red]x")
                await player.sees("50 x 2 + 10 % (critical)" if size == WIDE else "50 x 2")
                assert player.line("Refined").split()[1:3] == ["Refined", "110.00"]
                assert player.line("Raw").split()[1:3] == ["Raw", "1.00"]
            player.assert_laid_out()
            await player.press("escape")
            await player.sees_no("By category")
        # Infinite points crash nothing.
        await player.resize(*WIDE)
        add_points(guild, "huge", 1e300)
        add_points(guild, "debt", -1e300, user_id=MEMBER)
        await player.press("r")
        await player.sees("1e+300")
        await player.press("enter")
        await player.sees("By category", "1e+300")
        player.assert_laid_out()
        await player.press("escape", "4")
        await player.sees("-1e+300")
        player.assert_laid_out()


@pytest.fixture
def busy(guild: Guild) -> Guild:
    """A guild in which the player made changes on three of four days."""
    guild.sql("DELETE FROM resource_history")
    some_weeks(guild)
    guild.sql("DELETE FROM resource_history WHERE updated_by = ?", MEMBER)
    for number, (days, change, resource) in enumerate(
        [(0, 500, "spice"), (0, -20, "water"), (1, 70, "spice"), (2, 5, "ore"), (20, 9, "ore")]
    ):
        of = {"resource_id": resource, "created_at": NOW - days * DAY - HOUR}
        record(guild, f"own{number}", change, updated_by=MEMBER, **of)
    add_points(guild, "later", 7.25, user_id=MEMBER, created_at=NOW - 20 * DAY)
    return guild


def fact(player: Player, name: str) -> str:
    return player.line(f" {name} ").split(name)[1].strip().split("  ")[0]


async def test_changes_points_streak_and_totals_of_each_period(busy: Guild) -> None:
    async with playing(busy) as player:
        busy.sql("ALTER TABLE resource_history RENAME TO gone")
        await player.press("4")
        await player.reads("it has no resource_history.")
        busy.sql("ALTER TABLE gone RENAME TO resource_history")
        await player.press("r")
        player.app.clear_notifications()
        await player.sees_no("resource_history")
        for size in (NARROW, (60, 20), WIDE):
            await player.resize(*size)
            await player.until(lambda: fact(player, "Days in a row") == "3", "the sums")
            assert fact(player, "Changes") == "4"
            assert fact(player, "Points") == "5.50"
            if size[0] > 60:
                await player.sees("2 x         +570           -0")
                assert "Spice Melange" in player.line("2 x         +570           -0")
                assert "Water" in player.line("1 x           +0          -20")
            assert len(entries(player)) == 4
            player.assert_laid_out()
        await player.press("right")
        await player.sees("▐30d▌", "12.75")
        await player.until(lambda: len(entries(player)) == 5, "the rows")
        await player.press("left", "left")
        await player.sees("▐24h▌")
        await player.until(lambda: len(entries(player)) == 2, "the rows")
        await player.until(lambda: fact(player, "Days in a row") == "3", "the sums")
        await player.press("right", "G")
        await player.sees("▐7d▌")
        # Enter and v work as in the history.
        await player.until(lambda: "enter looks further back" in table_lines(player)[-1], "it")
        await player.press("enter")
        await player.until(lambda: len(entries(player)) == 5, "older changes")
        await player.press("g", "enter")
        await player.sees("When", "Total")
        await player.press("escape", "v")
        await player.until(lambda: player.app.screen is player.app.resources, "the resources")
        assert player.is_on("Water")
        player.burst("+5 # a sip\r4")
        await player.sees("a sip")
        await player.until(lambda: fact(player, "Changes") == "5", "the sum")
        busy.sql("DELETE FROM resource_history")
        await player.press("r")
        await player.sees("You changed nothing")
        await player.until(lambda: fact(player, "Days in a row") == "0", "no day")
