"""The search: words in any order, the best match first, and other keys."""

from __future__ import annotations

from tracker_tui.ledger.resources import NewResource
from ui.conftest import BY_NAME, Guild, MakeGuild, Player, playing
from ui.test_table import tick

PASTE = "\x1b[200~{}\x1b[201~"


def typed(player: Player) -> str:
    """Return the text in the search input."""
    return player.lines()[2].removeprefix(" /").split("  ")[0].strip()


FOUND = {
    "cell fuel": ["Fuel Cell", "Spice-infused Fuel Cell"],
    "SPICE mel": ["Spice Melange"],
    "spice infused": ["Spice-infused Fuel Cell"],
    "spice.infused": ["Spice-infused Fuel Cell"],
    "gear": ["Kindjal Blade"],
    "must flow": ["Spice Melange"],
    "no such thing": [],
    "   ": BY_NAME,
    ".,;:!'": BY_NAME,
}


async def test_the_search_finds_all_words_in_any_order(guild: Guild) -> None:
    async with playing(guild) as player:
        for text, names in FOUND.items():
            player.burst(f"/{text}\r")
            await player.until(lambda names=names: player.names() == names, f"{text}: {names}")


async def test_the_best_match_comes_first(make_guild: MakeGuild) -> None:
    names = ["Old Spice", "Allspice", "Zsand", "Spice Sand"]
    resources = [NewResource(n, n, "Spice" if n == "Zsand" else "Raw") for n in names]
    async with playing(make_guild(resources)) as player:
        player.burst("/spice")
        expected = ["Spice Sand", "Old Spice", "Allspice", "Zsand"]
        await player.until(
            lambda: (
                [row.split("  ")[1].strip() for row in player.rows()] == expected
                or [n for row in player.rows() for n in names if f" {n} " in row] == expected
            )
        )
        assert "Spice Sand" in player.cursor_row()


async def test_the_search_shows_the_number_of_hits(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("/spice")
        await player.until(lambda: player.lines()[2].rstrip().endswith("3 of 12"))


async def test_a_paste_is_inserted_whole(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("/")
        player.burst(PASTE.format("Spice-infused\r\nFuel + Cell"))
        await player.until(lambda: player.names() == ["Spice-infused Fuel Cell"])
        assert typed(player) == "Spice-infused Fuel + Cell"
        assert guild.history() == []


async def test_enter_goes_to_the_table_and_keeps_the_text(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("/fuel\rj")
        await player.until(lambda: player.is_on("Spice-infused Fuel Cell"))
        assert typed(player) == "fuel"


async def test_escape_clears_and_leaves(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.press("slash", "f", "u", "escape")
        assert player.names() == BY_NAME
        assert typed(player) == "search"  # the placeholder
        await player.press("j")
        assert typed(player) == "search"


async def test_escape_in_the_table_clears_the_text_then_the_selection_then_the_filters(
    guild: Guild,
) -> None:
    async with playing(guild) as player:
        await tick(player, "Components")
        components = player.names()
        player.burst("/fuel\r ")
        await player.sees("● 1 selected")
        await player.press("escape")
        assert player.names() == components
        assert "● 1 selected" in player.text()
        await player.press("escape")
        assert "selected" not in player.text()
        assert player.names() == components
        await player.press("escape")
        assert player.names() == BY_NAME
        assert "Components" not in player.lines()[2]


async def test_up_and_down_move_the_cursor_of_the_table(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.press("slash", "f", "u", "e", "l")
        assert player.is_on("Fuel Cell")
        await player.press("down")
        assert player.is_on("Spice-infused Fuel Cell")
        await player.press("up", "backspace")
        assert player.is_on("Fuel Cell")
        assert typed(player) == "fue"


async def test_a_sign_starts_a_quick_edit_of_the_highlighted_row(
    guild: Guild,
) -> None:
    async with playing(guild) as player:
        for sign in "+-=><":
            player.burst(f"/plastan{sign}2")
            shown = ["Plastanium", "Ingot", f"{sign}2"]
            await player.until(lambda s=shown: s in [line.split() for line in player.lines()])
            assert typed(player) == "plastan"
            await player.press("escape")


async def test_the_search_reopens_with_the_old_text_selected(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("/fuel\r/water")
        await player.until(lambda: player.names() == ["Water"])
        assert typed(player) == "water"


async def test_keys_of_the_table_are_letters_in_the_search(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("/1qusfyorjgG? x")
        await player.until(lambda: typed(player) == "1qusfyorjgG? x")
        assert player.app.is_running


async def test_tab_switches_the_location_in_the_search(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("/fuel\t")
        await player.sees("▐Deep Desert▌")
        player.burst("x")
        await player.until(lambda: typed(player) == "fuelx")


async def test_the_search_survives_external_changes(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("/fuel")
        await player.until(lambda: len(player.rows()) == 2)
        guild.insert("new", name="Fuel Rod")
        await player.sees("Fuel Rod")
        assert len(player.rows()) == 3
        assert typed(player) == "fuel"
