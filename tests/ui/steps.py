"""Steps that several tests of screens share."""

from __future__ import annotations

from ui.conftest import Player


def edit_lines(player: Player) -> tuple[str, str]:
    """Return the line of the quick edit with name and text, and its preview."""
    region = player.app.resources.edit.region
    above, *below = player.lines()[region.y : region.bottom] or [""]
    return above, "\n".join(below)


def preview_text(player: Player) -> str:
    return edit_lines(player)[1].strip()


async def previews(player: Player, expected: str) -> None:
    await player.until(lambda: preview_text(player) == expected, expected)


def typed(player: Player) -> str:
    return player.lines()[2].removeprefix(" /").split("  ")[0].strip()


async def choose_sorting(player: Player, name: str) -> None:
    await player.press("s")
    await player.sees("Sort by")
    choices = [line.strip(" ↑↓") for line in player.dialog()]
    wanted = next(place for place, line in enumerate(choices[1:]) if line == name)
    player.burst("g" + "j" * wanted + "\r")
    await player.sees_no("Sort by")


async def tick(player: Player, *names: str) -> None:
    await player.press("f")
    await player.sees("Show only")
    for name in names:
        lines = [line for line in player.lines() if "[ ]" in line or "[✓]" in line]
        place = next(number for number, line in enumerate(lines) if f"] {name} " in line)
        player.burst("g" + "j" * place + " ")
        await player.until(lambda name=name: f"[✓] {name} " in player.text())
    await player.press("enter")
    await player.sees_no("Show only")


async def choose(player: Player, text: str, wanted: str, enters: int = 1) -> None:
    await player.press("ctrl+p")
    await player.pilot.pause()
    player.burst(text)
    await player.sees(wanted)
    await player.pilot.app.workers.wait_for_complete()
    player.hit(*["enter"] * enters)
    await player.pilot.pause()
