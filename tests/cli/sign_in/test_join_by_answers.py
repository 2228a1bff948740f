"""`tracker-tui join` without an invitation asks for each setting."""

from __future__ import annotations

import getpass
import io
import json
import sys
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from cli.sign_in.member_guild import (
    CLIENT,
    GUILD,
    Guarded,
    Type,
    config_file,
    kept_settings,
    settings_in_file,
)
from helpers.commands import Run
from helpers.membership import ROLES


def answers(blank: Guarded, **other: str) -> list[str]:
    """Return the answers in the order of the questions, with some replaced."""
    right = {
        "url": blank.proxy.url,
        "token": blank.full,
        "client": CLIENT,
        "guild": GUILD,
        "roles": json.dumps(ROLES),
    }
    return list((right | other).values())


def test_without_an_invitation_all_settings_are_asked_for(
    run: Run, home: Path, blank: Guarded, type_in: Type
) -> None:
    # Blanks around answers are ignored.
    type_in("  ", *(f"\t {text}  " for text in answers(blank)), " Y ")
    ran = run("join")
    assert ran.status == 0, ran.err
    for asked in (
        "Invitation (hidden; Enter to answer questions instead): ",
        "Database (libsql://guild-name.turso.io): ",
        "Its token (from whoever runs the database, hidden): ",
        "Discord application (a number, its client id): ",
        "Discord guild (a number, the server's id): ",
        "Roles ([{",
    ):
        assert ran.err.count(asked) == 1
    assert blank.full not in ran.out + ran.err
    found = kept_settings(home)
    assert json.loads(found.pop("DISCORD_ROLES_CONFIG")) == ROLES
    expected = settings_in_file(blank, blank.full)
    del expected["DISCORD_ROLES_CONFIG"]
    assert found == expected


WRONG = {
    "a file": ({"url": "file:guild.db"}, "TURSO_DATABASE_URL"),
    "a URL with a token": ({"url": "http://localhost:1?authToken=hush"}, "TURSO_AUTH_TOKEN"),
    "no token": ({"token": ""}, "wants a token"),
    "another application": ({"client": "4711"}, "public client"),
    "no server": ({"guild": "arrakis"}, "DISCORD_GUILD_ID"),
    "no role has access": ({"roles": '[{"id": "1", "name": "x"}]'}, "canAccessResources"),
}


def test_wrong_answer_from_a_pipe_ends_the_command(
    run: Run, home: Path, blank: Guarded, type_in: Type
) -> None:
    for name, (other, said) in WRONG.items():
        type_in("", *answers(blank, **other), "y")
        ran = run("join")
        assert (ran.status != 0, ran.out) == (True, ""), name
        assert said in ran.err.splitlines()[-1], name
        assert "hush" not in ran.err, name
        assert not config_file(home).exists(), name


class Terminal(io.StringIO):
    """A terminal at which prepared lines are typed."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.lines = deque(lines)
        self.hidden: list[str] = []

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:
        return self.lines.popleft() + "\n" if self.lines else ""

    def getpass(self, prompt: str = "", stream: Any = None) -> str:
        sys.stderr.write(f"{prompt}\n")
        if not self.lines:
            raise EOFError
        self.hidden.append(self.lines.popleft())
        return self.hidden[-1]


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> Any:
    def sit_down(*lines: str) -> Terminal:
        terminal = Terminal(list(lines))
        monkeypatch.setattr(sys, "stdin", terminal)
        monkeypatch.setattr(getpass, "getpass", terminal.getpass)
        return terminal

    return sit_down


def test_wrong_answer_at_a_terminal_is_asked_again_and_secrets_are_hidden(
    run: Run, home: Path, blank: Guarded, at_terminal: Any
) -> None:
    wrong = [
        *(["guild", "", "file:guild.db"], ["nonsense", ""], ["dune-app", "4711"]),
        *(["arrakis"], ["member", ""]),
    ]
    answered = [
        text
        for others, right in zip(wrong, answers(blank), strict=True)
        for text in (*others, right)
    ]
    terminal = at_terminal("no invitation", "", *answered, "y")
    ran = run("join")
    assert ran.status == 0, ran.err
    assert terminal.hidden == ["no invitation", "", "nonsense", "", blank.full]
    assert kept_settings(home)["DISCORD_CLIENT_ID"] == CLIENT
    # Each wrong answer causes one line, and none quotes hidden input.
    assert ran.err.count("tracker-tui: ") == 1 + sum(map(len, wrong))
    assert blank.full not in ran.err


def test_five_wrong_answers_ctrl_c_and_ctrl_d_store_nothing(
    run: Run, home: Path, blank: Guarded, at_terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wrong in (["no invitation"] * 5, ["", *["guild"] * 5]):
        terminal = at_terminal(*wrong, "never read")
        assert run("join").status == 2
        assert list(terminal.lines) == ["never read"]
    at_terminal()
    assert run("join").status == 2

    def interrupted(prompt: str = "", stream: Any = None) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(getpass, "getpass", interrupted)
    ran = run("join")
    assert (ran.status, ran.err) == (130, "")
    assert not config_file(home).exists()
