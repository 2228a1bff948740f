"""Usage errors are one line, and help is complete."""

from __future__ import annotations

from pathlib import Path

from helpers.commands import Run
from tracker_tui import __version__

WRONG = (
    ["edit"],
    ["edit", "iron"],
    ["edit", "iron", "+5", "--at", "moon"],
    ["edit", "iron", "+5", "--at"],
    ["edit", "iron", "+5", "--if"],
    ["nonsense"],
    ["list", "--nonsense"],
    ["list", "two", "words"],
    ["history", "two", "words"],
    ["history", "--limit"],
    ["history", "--since"],
    ["leaderboard", "chani"],
    ["leaderboard", "--period", "90d"],
    ["init", "now"],
    ["--nonsense"],
    ["--profile"],
)


def test_a_usage_error_is_one_line(run: Run, guild: Path) -> None:
    for argv in WRONG:
        ran = run(*argv)
        assert ran.status == 2, argv
        assert "tracker-tui" in ran.error, argv


def test_version_and_help_succeed(run: Run) -> None:
    assert run("--version") == (0, f"tracker-tui {__version__}\n", "")
    for command in ([], ["edit"], ["list"], ["history"], ["leaderboard"], ["init"], ["demo"]):
        ran = run(*command, "--help")
        assert (ran.status, ran.err) == (0, "")
        assert "--profile" in ran.out
        assert "--debug" in ran.out


def test_help_for_edit_lists_signs_and_words(run: Run) -> None:
    text = run("edit", "--help").out
    for sign in ("'+500'", "'-20'", "'=1200'", "'>300'", "'<300'"):
        assert sign in text
    for word in ("add 500", "remove", "set", "to-deep-desert", "to-hagga"):
        assert word in text
