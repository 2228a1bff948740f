"""Toasts come and go, whatever the clock does and however busy the machine is."""

from __future__ import annotations

import time
from itertools import count

import pytest

from tracker_tui.ui.notifications import SteadyNotification
from ui.conftest import Guild, playing


def let_time_fly(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let so much time pass whenever anybody looks at the clock, which a busy machine can do."""
    looks = count()
    wall, steady = time.time, time.monotonic
    monkeypatch.setattr("textual.notifications.time", lambda: wall() + next(looks) * seconds)
    monkeypatch.setattr(
        "tracker_tui.ui.notifications.monotonic", lambda: steady() + next(looks) * seconds
    )


async def test_a_toast_whose_time_runs_out_as_it_comes_on_hangs_nothing(
    guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with playing(guild) as player:
        for tenths in range(1, 21):
            let_time_fly(monkeypatch, tenths / 10)
            player.app.notify(f"after {tenths}", timeout=2)
            await player.press("j" if tenths % 2 else "k")
        monkeypatch.undo()
        await player.go_to("Water")


def test_its_time_runs_by_no_clock_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("tracker_tui.ui.notifications.monotonic", lambda: now[0])
    monkeypatch.setattr("textual.notifications.time", lambda: 1e12)
    notification = SteadyNotification("told", timeout=4)
    # However long it takes the screen to come to it.
    now[0] += 60
    assert not notification.has_expired
    assert (notification.time_left, notification.has_expired) == (4, False)
    now[0] += 3.9
    assert (notification.time_left, notification.has_expired) == (0.5, False)
    now[0] += 0.2
    assert (notification.time_left, notification.has_expired) == (0.5, True)
