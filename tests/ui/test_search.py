"""The search: words in any order, the best match first, and other keys."""

from __future__ import annotations

from tracker_tui.ledger.resources import NewResource
from ui.conftest import BY_NAME, Guild, MakeGuild, playing
from ui.steps import edit_lines, preview_text, tick, typed

PASTE = "\x1b[200~{}\x1b[201~"
FOUND = {
    "cell fuel": ["Fuel Cell", "Spice-infused Fuel Cell"],
    "spice.infused": ["Spice-infused Fuel Cell"],
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
        player.burst("/spice")
        await player.until(lambda: player.lines()[2].rstrip().endswith("3 of 12"), "how many")
        # The best match comes first.
        player.burst("\r/t")
        best = ["Titanium Ore", "Sandworm Tooth", "Plastanium Ingot"]
        await player.until(lambda: player.names()[:3] == best, "matches by their rank")
        player.burst("\r/")
        player.burst(PASTE.format("Spice-infused\r\nFuel + Cell"))
        await player.until(lambda: player.names() == ["Spice-infused Fuel Cell"], "the paste")
        assert typed(player) == "Spice-infused Fuel + Cell"
        # A search includes what others add.
        player.burst("\r/fuel")
        await player.until(lambda: len(player.rows()) == 2)
        guild.insert("new", name="Fuel Rod")
        await player.sees("Fuel Rod")
        assert len(player.rows()) == 3
        assert typed(player) == "fuel"
        assert guild.history() == []


async def test_keys_in_the_search_are_text_or_lead_out_of_it(guild: Guild) -> None:
    async with playing(guild) as player:
        # Esc clears it and leaves it.
        await player.press("slash", "f", "u", "escape")
        assert player.names() == BY_NAME
        assert typed(player) == "search"  # the placeholder
        await player.press("j")
        assert typed(player) == "search"
        # Up and down move the cursor of the table.
        await player.press("slash", "f", "u", "e", "l")
        assert player.is_on("Fuel Cell")
        await player.press("down")
        assert player.is_on("Spice-infused Fuel Cell")
        await player.press("up", "backspace")
        assert player.is_on("Fuel Cell")
        assert typed(player) == "fue"
        # Enter goes to the table; the next search replaces the old text.
        player.burst("l\rj")
        await player.until(lambda: player.is_on("Spice-infused Fuel Cell"))
        assert typed(player) == "fuel"
        player.burst("/water")
        await player.until(lambda: player.names() == ["Water"])
        assert typed(player) == "water"
        # Tab switches the location; the keys of the table are letters.
        player.burst("\t")
        await player.sees("▐Deep Desert▌")
        player.burst("x1qusfyorjgG? x")
        await player.until(lambda: typed(player) == "waterx1qusfyorjgG? x")
        # Esc in the table clears the text, then the selection, then the filters.
        await player.press("escape")
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
        await player.press("slash")
        await player.quits("\x11")


async def test_a_sign_and_an_amount_in_the_search_are_an_edit(make_guild: MakeGuild) -> None:
    names = ["Scanner Mk-6", "Spice-Infused Dust", "Spice Melange", "Alloy-all-Round"]
    guild = make_guild([NewResource(name, name, "Raw", 50) for name in names])
    async with playing(guild) as player:
        await player.press("slash", *"spice")
        await player.until(lambda: len(player.rows()) == 2)
        await player.press("down")
        second = player.cursor_row()
        await player.press("minus")
        assert typed(player) == "spice-"
        assert player.cursor_row() == second, "as long as it is open, the list stays still"
        await player.press("a", "l")
        assert player.cursor_row() == second
        await player.press("l")
        assert edit_lines(player)[0].split()[-1] == "-all"
        assert typed(player) == "spice"
        hits = {"spice-inf": "Spice-Infused Dust", "spice-a": "", "mk-6": "Scanner Mk-6"}
        for text, hit in (hits | {"mk-7": "", "alloy-all": "Alloy-all-Round"}).items():
            await player.press("escape", "escape")
            player.burst(f"/{text}")
            await player.until(lambda hit=hit: hit in player.cursor_row(), text)
            await player.until(lambda text=text: typed(player) == text, text)
            assert edit_lines(player)[0].strip() == ""
        edits = {"mk-6>2": ">2", "melange-5": "-5", "spice mel=+ 5": "+ 5", "dust <1k": "<1k"}
        for text, change in edits.items():
            await player.press("escape", "escape")
            player.burst(f"/{text}")
            await player.until(
                lambda change=change: edit_lines(player)[0].strip().endswith(change), text
            )
        await player.press("escape", "escape")
        player.burst("/mk-6\r/mk-7\r/spice mel-5\r")
        await player.settles(1)
        assert guild.history() == [("relative", -5, 0, None)]
        assert preview_text(player) == ""
