"""A history of which nothing is shown yet shows what comes."""

from __future__ import annotations

import pytest

from ui.conftest import NOW, Guild, playing

FIRST = (
    "INSERT INTO resource_history (id, resource_id, previous_quantity_hagga, new_quantity_hagga,"
    " change_amount_hagga, previous_quantity_deep_desert, new_quantity_deep_desert,"
    " change_amount_deep_desert, change_type, updated_by, reason, created_at)"
    " VALUES ('h1', 'water', 0, 7, 7, 0, 0, 0, 'relative', 'Stilgar', 'the first of all', ?)"
)


@pytest.mark.parametrize("was_emptied", [False, True])
async def test_the_first_entry_is_shown_after_a_refresh(guild: Guild, was_emptied: bool) -> None:
    """Whether there was never any, or all were deleted while the screen was open."""
    if not was_emptied:
        guild.sql("DELETE FROM resource_history")
    async with playing(guild) as player:
        await player.press("2")
        if was_emptied:
            await player.sees("Resource created")
            guild.sql("DELETE FROM resource_history")
            await player.press("r")
        await player.sees("No changes yet")
        guild.sql(FIRST, NOW)
        await player.press("r")
        await player.sees("the first of all")
