"""Hostile texts are shown as plain text on one line, everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.other_schemas import FOUNDING, LATER, make_file
from ui.conftest import NOW, Guild, Player, playing, screen_strips
from ui.history_rows import record

HOSTILE = {
    "markup": "[red]red[/red] [bold]b[/] [@click=app.quit]x[/] [link=https://evil.example]l[/link]",
    "broken markup": "[/] [/red] [[ ]] [ %s {0} {name} $foreground \\ \\n {{}}",
    "control": "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J\x9b31m bell\x07 a\x00b"
    " one\ntwo\r\nthree\ttab\x0bvt\u2028ls\u2029ps\x85nel",
    "invisible": "abc \u202egnirts\u202c \u2066iso\u2069 עברית العربية a\u200bb\u200cc\u200dd"
    " \ufeffe\u2060f\u00adg\u180eh \ue000\uf8ff\U000f0000 \ufffe \U0001fbff \u0378"
    " \U000e0041\U000e0042",
    "emoji": "👨\u200d👩\u200d👧\u200d👦 🏴\u200d☠\ufe0f 👍🏽 🇫🇷 ❤\ufe0f 1\ufe0f\u20e3 ☕",
    "zalgo": "Z" + "\u0301\u0302\u0303\u0304\u0336" * 40 + "algo",
    "long": "x" * 10_000,
    "wide": "香料 ﾊﾝｶｸ ｶﾅ ＦＵＬＬ" * 20,
    "blank": "   ",
    "empty": "",
}
VISIBLE = "[red]red[/red]"
SIZE = (120, 30)


@pytest.fixture
def hostile_guild(tmp_path: Path) -> Guild:
    """A guild in the newest schema in which every text is hostile."""
    make_file(tmp_path / "guild.db", LATER)
    guild = Guild(tmp_path / "guild.db")
    for number, (name, text) in enumerate(HOSTILE.items()):
        member = f"member-{number}"
        guild.insert(
            f"r{number:02}",
            name=text if name in ("blank", "empty") else f"{number:02} {text}",
            **dict.fromkeys(("category", "subcategory", "icon", "description", "image_url"), text),
            quantity_hagga=100,
            target_quantity=50,
            tier=number - 3,
            last_updated_by=member,
            status="no such status",
        )
        guild.sql("INSERT INTO users VALUES (?, ?, ?, NULL, ?, 1, 1)", member, member, text, text)
        change = {"change_type": text, "updated_by": member, "reason": text, "created_at": NOW}
        record(guild, f"h{number}", 100, resource_id=f"r{number:02}", **change)
    for number in (1, 2):
        name = HOSTILE["markup"] + HOSTILE["control"]
        setting = (f"inventory_location_{number}_name", name)
        guild.sql("INSERT INTO global_settings VALUES (?, ?, NULL, 1, 1)", *setting)
    return guild


def assert_plain(player: Player) -> None:
    """Check that the layout holds and that hostile text adds no links and no styles."""
    player.assert_laid_out()
    for strip in screen_strips(player.app):
        for segment in strip:
            if segment.style is not None and "evil" in (segment.style.link or ""):
                assert segment.text.startswith("https://evil.example")
            assert segment.style is None or "@click" not in str(segment.style.meta.get("@click"))


async def test_table_and_details_show_hostile_texts(hostile_guild: Guild) -> None:
    async with playing(hostile_guild, SIZE) as player:
        assert VISIBLE in player.line("00 [red]")
        assert "[/] [/red] [[ ]] [" in player.line("01 [/]")
        assert "05 Z\u0301\u0302" in player.text()
        assert "Z\u0301\u0302\u0303" not in player.text()
        for size in ((40, 10), SIZE):
            await player.resize(*size)
            for key in ("pagedown", "tab", "g"):
                await player.press(key)
                assert_plain(player)
        for _ in HOSTILE:
            await player.press("enter")
            assert_plain(player)
            player.hit("end")
            await player.sees("Latest changes")
            assert_plain(player)
            player.hit("escape", "down")


async def test_edit_line_and_notifications_show_hostile_names(hostile_guild: Guild) -> None:
    async with playing(hostile_guild, SIZE) as player:
        for number in range(len(HOSTILE)):
            player.burst("-500" if number % 2 else "+5 # \x1b[200~[red]r[/red]\x1b[201~")
            await player.pilot.pause()
            assert_plain(player)
            player.hit("escape") if number % 2 else player.burst("\ry")
            await player.until(lambda number=number: _changes(hostile_guild) == number // 2 + 1)
            assert_plain(player)
            await player.press("down")
        player.burst("u")
        await player.sees("Undid ")
        assert_plain(player)
        hostile_guild.sql("UPDATE resources SET quantity_hagga = 100")
        await player.press("r", "g")
        player.burst("g" + " " * len(HOSTILE) + "-50 # [red]reason[/red]")
        await player.sees(f"{len(HOSTILE)} rows")
        hostile_guild.sql("UPDATE resources SET quantity_hagga = 1")
        player.burst("\r")
        await player.sees(f"▲ {len(HOSTILE)} rejected: o")
        assert_plain(player)
        await player.press("o")
        await player.sees("Outbox")
        for _ in HOSTILE:
            assert_plain(player)
            player.burst("x")
            await player.pilot.pause()
        await player.sees_no("Outbox")


def _changes(guild: Guild) -> int:
    ((count,),) = guild.sql("SELECT count(*) FROM resource_history WHERE reason = '[red]r[/red]'")
    return int(count)


async def test_typed_text_may_be_hostile(hostile_guild: Guild) -> None:
    async with playing(hostile_guild, SIZE) as player:
        player.burst("jj")
        for text in (
            "+5 # [red]x[/red] 香料 \x1b[31m\x07",
            "+[red]",
            "+香",
            "+5\n\t# \x00",
            "+5 # a\u202eb\u200dc",
            "/5 # a\u202eb\u200dc",
            "/[red] 香料 👍 \x07 " + "y" * 3_000,
        ):
            player.burst(f"{text[0]}\x1b[200~{text[1:]}\x1b[201~")
            await player.pilot.pause()
            assert_plain(player)
            player.hit("escape")
        for text in ("red", "香", "["):
            await player.press("ctrl+p")
            player.burst(text)
            await player.app.workers.wait_for_complete()
            await player.pilot.pause()
            assert_plain(player)
            if text == "red":
                assert VISIBLE in player.text()
            player.hit("escape")
            await player.until(lambda: len(player.app.screen_stack) == 1)


async def test_lists_and_status_bar_show_hostile_names(hostile_guild: Guild) -> None:
    async with playing(hostile_guild, (80, 24), member="".join(HOSTILE.values())) as player:
        assert_plain(player)
        await player.resize(*SIZE)
        for key, seen in (("s", "Sort by"), ("f", "Show only")):
            await player.press(key)
            await player.sees(seen)
            for _ in range(0, len(HOSTILE) + 6, 2):
                assert_plain(player)
                player.hit("down", "down")
                await player.pilot.pause()
            if key == "s":
                await player.press("escape")
        assert any(VISIBLE in line for line in player.dialog())
        await player.press("G", "space", "enter")
        await player.sees_no("Show only")
        assert len(player.rows()) == 1
        assert_plain(player)


async def test_rows_with_nonsense_in_every_column_are_shown(tmp_path: Path) -> None:
    make_file(tmp_path / "guild.db", FOUNDING)
    guild = Guild(tmp_path / "guild.db")
    guild.insert("null", name="Null and void")
    guild.insert("minus", name="Below zero", quantity_hagga=-5, quantity_deep_desert=-1_000_000)
    guild.insert("milli", name="In milliseconds", updated_at=(NOW - 300) * 1000)
    guild.insert("future", name="From the future", updated_at=NOW + 10**9)
    guild.insert("past", name="From the past", updated_at=-(10**12))
    guild.insert("words", name="Words", quantity_hagga="many", target_quantity="lots")
    guild.insert("bytes", name=b"\xff\xfebytes", category=b"\xff")
    guild.insert("huge", name="Huge", quantity_hagga=2**62, quantity_deep_desert=2**62)
    guild.insert("target", name="Odd targets", target_quantity=-5, multiplier=-1, status="?")
    guild.insert("tiny", name="Tiny target", quantity_hagga=999_999_999, target_quantity=1)
    async with playing(guild, (160, 30)) as player:
        assert len(player.rows()) == 10
        player.assert_laid_out()
        assert {"-5", "-1,000,000", "-1,000,005"} <= set(player.line("Below zero").split())
        assert "5 min" in player.line("In milliseconds")
        assert "Uncategorized" in player.line("Null and void")
        await player.resize(80, 24)
        for _ in range(10):
            player.hit("enter")
            await player.sees("Multiplier")
            player.assert_laid_out()
            player.hit("escape")
            player.burst("+7")
            await player.pilot.pause()
            player.assert_laid_out()
            player.hit("escape", "down")
        player.burst("/below zero+20")
        await player.sees("Hagga -5 → 15")
        player.burst("\r")
        await player.until(lambda: guild.quantities("minus") == (15, -1_000_000))
