"""The Leaderboard screen and a member's contributions, by keys alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tracker_tui.ui.leaderboard.leaderboard_screen import LeaderboardScreen
from ui.conftest import DAY, HOUR, MEMBER, NARROW, NOW, WIDE, Guild, Player, playing
from ui.history_rows import STILGAR, add_points, add_user, opens, some_weeks, table_lines


@asynccontextmanager
async def watching(guild: Guild, size: tuple[int, int] = WIDE) -> AsyncIterator[Player]:
    """Open the dashboard on its leaderboard."""
    async with playing(guild, size) as player:
        await opens(player, "3")
        yield player


@pytest.fixture
def busy(guild: Guild) -> Guild:
    """The guild after some weeks."""
    some_weeks(guild)
    return guild


def rankings(player: Player) -> list[list[str]]:
    """Return the words of each row."""
    return [line.split() for line in table_lines(player)]


def own_line(player: Player) -> str:
    """Return the line below the table."""
    screen = player.app.screen
    assert isinstance(screen, LeaderboardScreen)
    return player.lines()[screen.own_row.region.y]


async def test_members_are_ranked_by_points_at_every_size(busy: Guild) -> None:
    async with watching(busy) as player:
        for size in (WIDE, NARROW, (200, 60), (60, 15)):
            await player.resize(*size)
            first, second = rankings(player)
            # 10 + 11 + 12 + 13 under the id, and 2 under an old name.
            assert first[:4] == ["1", "Stilgar", "48.00", "5"]
            assert second[:5] == ["2", "▸", "Chani", "5.50", "1"]
            assert first[-3:-1] == ["90", "%"]
            player.assert_laid_out()
        await player.press("y")
        copied = "1. Stilgar: 48.00 points, 5 actions in the last 7d"
        assert player.app.clipboard == copied


async def test_infinite_points_crash_nothing(busy: Guild) -> None:
    add_points(busy, "huge", 1e300)
    add_points(busy, "debt", -1e300, user_id=MEMBER)
    async with watching(busy) as player:
        await player.sees("1e+300")
        await player.press("enter")
        await player.sees("By category", "1e+300")
        player.assert_laid_out()
        await player.press("escape", "4")
        await player.sees("-1e+300")
        player.assert_laid_out()


async def test_arrows_f_and_clicks_change_the_period(busy: Guild) -> None:
    async with watching(busy) as player:
        points = {}
        for key in ("left", "right", "f", "right"):
            await player.press(key)
            await player.until(lambda: len(rankings(player)) == 2, "the answer")
            period = player.line("all").split("▐")[1].split("▌")[0]
            points[period] = rankings(player)[0][2]
        assert points == {"24h": "10.00", "7d": "48.00", "30d": "62.00", "all": "77.00"}
        player.click(*player.place(" 30d "))
        await player.sees("▐30d▌")


async def test_equal_points_share_a_rank_and_the_next_is_skipped(guild: Guild) -> None:
    for number, points in enumerate([5.0, 3.0, 3.0, 1.0]):
        add_points(guild, f"r{number}", points, user_id=f"member {number}")
    async with watching(guild) as player:
        assert [row[0] for row in rankings(player)] == ["1", "2", "2", "4"]


async def test_rank_changes_compare_with_the_previous_period(guild: Guild) -> None:
    for number, (who, points, days) in enumerate(
        [("up", 9, 0), ("up", 1, 8), ("down", 5, 0), ("down", 7, 8), ("fresh", 3, 0)]
    ):
        add_points(guild, f"r{number}", points, user_id=who, created_at=NOW - days * DAY - HOUR)
    async with watching(guild) as player:
        assert [(row[1], row[-1]) for row in rankings(player)] == [
            ("up", "▲1"),
            ("down", "▼1"),
            ("fresh", "new"),
        ]
        await player.press("left", "left")
        await player.sees("▐all▌")
        await player.until(lambda: len(rankings(player)) == 3, "the answer")
        assert {row[-1] for row in rankings(player)} == {"%"}


async def test_the_own_row_stays_visible(guild: Guild) -> None:
    for number in range(60):
        add_points(guild, f"r{number}", 100.0 - number, user_id=f"member {number}")
    add_points(guild, "mine", 0.5, user_id=MEMBER)
    async with watching(guild, NARROW) as player:
        assert own_line(player).split()[:4] == ["61", "▸", "Chani", "0.50"]
        await player.press("G")
        await player.until(lambda: "Chani" in table_lines(player)[-1], "the last row")
        assert own_line(player).split()[:2] == ["61", "▸"]
        player.assert_laid_out()


async def test_a_player_without_points_sees_that(guild: Guild) -> None:
    add_points(guild, "r", 3.0)
    async with watching(guild) as player:
        assert "you have no points in this period" in own_line(player)


async def test_an_empty_leaderboard_says_so(guild: Guild) -> None:
    async with watching(guild) as player:
        await player.sees("No points in the last 7d.")
        await player.press("enter", "y", "j", "G")
        await player.sees("No points in the last 7d.")


async def test_a_failed_read_is_shown_and_the_leaderboard_stays(busy: Guild) -> None:
    async with watching(busy) as player:
        shown = table_lines(player)
        busy.sql("ALTER TABLE leaderboard RENAME TO gone")
        await player.press("r")
        await player.sees("read just now", "unavailable since")
        assert table_lines(player)[: len(shown)] == shown
        await player.press("right")
        await player.sees("no leaderboard")
        busy.sql("ALTER TABLE gone RENAME TO leaderboard")
        await player.press("r")
        await player.until(lambda: rankings(player)[0][:3] == ["1", "Stilgar", "62.00"], "it")


async def test_points_of_an_own_change_appear_at_once(busy: Guild) -> None:
    async with watching(busy) as player:
        player.burst("1/melange\r+1k\r3")
        # 1,000 times 1.1 without a bonus, plus the earlier points.
        await player.sees("115.50")


async def test_names_of_others_are_plain_text(guild: Guild) -> None:
    add_user(guild, STILGAR, "[bold]S[/bold]\x1b[2J")
    add_points(guild, "r", 3.0, resource_name="[red]x\x1b[0m")
    async with watching(guild) as player:
        await player.sees("[bold]S[/bold]")
        await player.press("enter")
        await player.sees("[red]x")
        player.assert_laid_out()


# Contributions


async def test_enter_shows_contributions_and_how_points_are_computed(guild: Guild) -> None:
    add_user(guild, STILGAR, "Stilgar")
    add_points(
        guild,
        "r1",
        110.0,
        base_points=50.0,
        resource_multiplier=2.0,
        status_bonus=0.1,
        resource_status="critical",
    )
    add_points(guild, "r2", 1.0, action_type="SET", resource_category="Raw", base_points=1.0)
    async with watching(guild) as player:
        for size in (WIDE, NARROW, (60, 15)):
            await player.resize(*size)
            await player.press("enter")
            await player.sees("Stilgar   #1, 111.00 points in the last 7d", "By category")
            if size != (60, 15):
                await player.sees("+500")
                await player.sees("50 x 2 + 10 % (critical)" if size == WIDE else "50 x 2")
                assert player.line("Refined").split()[1:3] == ["Refined", "110.00"]
                assert player.line("Raw").split()[1:3] == ["Raw", "1.00"]
            player.assert_laid_out()
            await player.press("escape")
            await player.sees_no("By category")


async def test_contributions_include_old_names_of_the_member_in_the_period(busy: Guild) -> None:
    async with watching(busy) as player:
        await player.press("enter")
        await player.sees("Stilgar   #1")
        screen = player.app.screen
        table = screen.query_one("#contributions")
        await player.until(lambda: table.row_count > 5, "the rows")  # type: ignore[attr-defined]
        finals = [line.split() for line in player.dialog() if "Spice Melange" in line]
        assert [words[4] for words in finals] == ["10.00", "11.00", "2.00", "12.00", "13.00"]
