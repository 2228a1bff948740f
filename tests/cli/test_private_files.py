"""Files that the program writes are private, and never written through a link."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.commands import Run
from helpers.disk import others_may

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")

SETTINGS = 'TURSO_DATABASE_URL = "file:/nowhere/guild.db"\nTURSO_AUTH_TOKEN = "hush"\n'
TABLE = 'DISCORD_GUILD_ID = "1"\n[profiles.other]\nDISCORD_CLIENT_SECRET = "hush"\n'
STRANGER = 12_345
only_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid(), reason="only root may give files away"
)


def notes(run: Run) -> list[str]:
    """Return the doctor's notes about files."""
    found = run("doctor", "--json").document
    return [each["found"] for each in found if each["check"] == "files"]


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_new_files_are_private_whatever_the_umask(run: Run, home: Path, no_umask: None) -> None:
    assert run("edit", "Plastone", "+5").status == 0
    assert run("edit", "Nix", "+5", "--debug").status == 1
    assert (home / "data" / "tracker.db").is_file()
    assert (home / "state" / "debug.log").is_file()
    assert others_may(home) == {}


def test_no_log_and_no_outbox_is_written_through_a_link(run: Run, home: Path, guild: Path) -> None:
    victim, log = home / "victim", home / "state" / "debug.log"
    log.parent.mkdir(parents=True)
    log.symlink_to(victim)
    for content in (None, "mine"):
        if content is not None:
            victim.write_text(content)
        ran = run("edit", "Nix", "+5", "--debug")
        assert ran.status == 1
        assert f"{log} could not be written" in ran.err
        assert (victim.read_text() if victim.exists() else None) == content
    assert run("edit", "iron", "+5").status == 0
    (store,) = (home / "data" / "guilds").glob("*/outbox.db")
    store.rename(victim)
    before = victim.read_bytes()
    store.symlink_to(victim)
    ran = run("edit", "iron", "+5")
    assert ran.status == 1
    assert f"{store} cannot be used: it is a symbolic link" in ran.error
    assert victim.read_bytes() == before


@only_root
def test_a_folder_that_another_user_linked_is_not_written_to(
    run: Run, home: Path, guild: Path
) -> None:
    elsewhere = home / "elsewhere"
    elsewhere.mkdir(parents=True)
    (home / "data").symlink_to(elsewhere)
    assert run("edit", "iron", "+5").status == 0  # the user's own link may lead to another disk
    os.lchown(home / "data", STRANGER, STRANGER)
    ran = run("edit", "iron", "+5")
    assert ran.status == 1
    assert "a symbolic link of another user leads there" in ran.error


def test_the_doctor_warns_of_settings_and_folders_that_others_can_use(run: Run, home: Path) -> None:
    assert run("list").status == 0
    assert notes(run) == []
    stores = home / "data" / "guilds"
    stores.chmod(0o777)
    assert notes(run) == [f"other users of this machine can put files into {stores}"]
    stores.chmod(0o700)
    path = home / "config" / "config.toml"
    path.parent.mkdir(mode=0o700, parents=True)
    for settings, mode, said in (
        (SETTINGS, 0o640, "read"),
        (TABLE, 0o604, "read"),
        (TABLE, 0o620, "change"),
        ("", 0o602, "change"),
        ("", 0o644, ""),
        (TABLE, 0o600, ""),
    ):
        path.write_text(settings)
        path.chmod(mode)
        found = notes(run)
        assert len(found) == bool(said), oct(mode)
        for line in found:
            assert f"other users of this machine can {said} {path}" in line
            assert "hush" not in line


@only_root
def test_the_doctor_warns_of_settings_of_another_user(run: Run, home: Path) -> None:
    path = home / "config" / "config.toml"
    path.parent.mkdir(mode=0o700, parents=True)
    path.touch(0o600)
    os.chown(path, STRANGER, STRANGER)
    assert notes(run) == [f"{path} belongs to another user, who can change it"]
