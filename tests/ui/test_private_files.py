"""The dashboard's files are readable by the user only, and it follows no links."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.test_private_files import others_may
from ui.conftest import Guild, MakeGuild

pytest.importorskip("pty", reason="there are no pseudo-terminals on Windows")


def test_the_dashboard_follows_no_link_to_another_file(make_guild: MakeGuild, home: Path) -> None:
    from ui.test_terminal import terminal_before

    guild: Guild = make_guild(now=None)
    victim, state = home / "victim", home / "state"
    state.mkdir(mode=0o700, parents=True)
    home.chmod(0o700)
    victim.write_text("mine")
    victim.chmod(0o600)
    for name in ("last-database", "view.json"):
        (state / name).symlink_to(victim)
    before = os.umask(0)
    try:
        terminal = terminal_before(guild, home)
    finally:
        os.umask(before)
    try:
        terminal.until(lambda: b"Plastanium Ingot" in terminal.output, "the table")
        assert terminal.leave() == 0
    finally:
        terminal.close()
    assert victim.read_text() == "mine"
    assert (state / "view.json").stat().st_size > 10
    assert others_may(home) == {}
