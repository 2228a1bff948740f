"""`tracker-tui join` stores the settings of a guild: from an invitation, or from answers."""

from __future__ import annotations

import getpass
import io
import json
import os
import select
import stat
import subprocess
import sys
import textwrap
import tomllib
from collections import deque
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from peewee import RawQuery

from cli.sign_in.member_guild import AUTHORIZE, Guarded, Type
from helpers.commands import SETTINGS, Ran, Run
from helpers.discord import FakeDiscord, Fault
from helpers.membership import ROLES, settings, sign_in
from helpers.other_schemas import FOREIGN
from helpers.proxy import cut_before
from tracker_tui.config.settings import Remote, Secret
from tracker_tui.db.remote import open_remote
from tracker_tui.guild.invitation import BEGIN, Invitation

CLIENT, GUILD = "112233445566778899", "998877665544332211"
NOTHING_KEPT = "tracker-tui: Nothing was stored.\n"
NOTHING_MORE = (
    "tracker-tui: The input ended before every question was answered. Nothing was stored.\n"
)
QUESTION = "Store this, and sign in next? [y/N] "


def config_file(home: Path) -> Path:
    return home / "config" / "config.toml"


def kept(home: Path) -> dict[str, Any]:
    """Return the contents of config.toml."""
    return tomllib.loads(config_file(home).read_text("utf-8"))


def last_line(ran: Ran) -> str:
    return ran.err.splitlines(keepends=True)[-1].removeprefix(QUESTION)


# Joining by an invitation


@pytest.fixture
def blank(
    home: Path, guarded: Guarded, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> Guarded:
    """A machine on which nothing is configured, and a guild to join."""
    for name in os.environ:
        if name.startswith(SETTINGS) and name != "TRACKER_HOME":
            monkeypatch.delenv(name)
    # Never contact the real Discord. A profile ignores the environment, so patch the default too.
    monkeypatch.setenv("DISCORD_API_URL", discord.url)
    monkeypatch.setattr("tracker_tui.config.settings.DISCORD_API_URL", discord.url)
    return guarded


def invitation_to(guarded: Guarded, token: str | None = None, **given: Any) -> str:
    """Return the invitation that an officer hands out."""
    secret = None if token is None else Secret(token)
    usual = {
        "database_url": guarded.proxy.url,
        "client_id": CLIENT,
        "guild_id": GUILD,
        "roles": json.dumps(ROLES),
        "token": secret,
    }
    return Invitation(**(usual | given)).text()


def settings_in_file(guarded: Guarded, token: str) -> dict[str, str]:
    return {
        "TURSO_DATABASE_URL": guarded.proxy.url,
        "TURSO_AUTH_TOKEN": token,
        "DISCORD_CLIENT_ID": CLIENT,
        "DISCORD_GUILD_ID": GUILD,
        "DISCORD_ROLES_CONFIG": json.dumps(ROLES, separators=(",", ":")),
    }


def test_join_shows_the_invitation_and_stores_it_after_yes(
    run: Run, home: Path, blank: Guarded, type_in: Type, discord: FakeDiscord
) -> None:
    type_in(invitation_to(blank, blank.full), "y")
    ran = run("join")
    assert ran.status == 0, ran.err
    assert ran.out == (
        f"Stored in {config_file(home)}. Sign in now: tracker-tui login, or just tracker-tui.\n"
    )
    for line in (
        f"Database               {blank.proxy.url}",
        f"Discord application    {CLIENT}",
        f"Discord guild          {GUILD}",
        "Role                   Fremen: may see everything, add, remove, set, move",
        "Role                   Smuggler: may do nothing",
        "Token                  included",
        "✓ localhost:",
        "✓ accepted",
        "✓ Discord knows the application",
    ):
        assert line in ran.err
    assert blank.full not in ran.out + ran.err
    assert kept(home) == settings_in_file(blank, blank.full)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_stored_settings_are_private(run: Run, home: Path, blank: Guarded, type_in: Type) -> None:
    type_in(invitation_to(blank, blank.full), "y")
    assert run("join").status == 0
    file = config_file(home)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)]
    assert modes == [0o600, 0o700]
    assert list(file.parent.iterdir()) == [file]


def wrapped(line: str) -> str:
    return textwrap.fill(line, 76, break_on_hyphens=False)


@pytest.mark.parametrize(
    "content",
    [
        lambda line: f"{wrapped(line)}\ny\n".encode(),
        lambda line: f"```text\n{wrapped(line)}\n```\ny\n".encode(),
        lambda line: textwrap.indent(f"```\n{wrapped(line)}\n```", "> ").encode() + b"\ny\n",
        lambda line: f"{wrapped(line)}\r\ny\r\n".encode("utf-16"),
        lambda line: f"{line}\ny\n".encode("utf-8-sig"),
    ],
    ids=["wrapped", "in a code block", "quoted", "UTF-16", "with a byte-order mark"],
)
def test_invitation_survives_mail_and_editors(
    home: Path, blank: Guarded, content: Callable[[str], bytes]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tracker_tui", "join"],
        input=content(invitation_to(blank, blank.full)),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert kept(home) == settings_in_file(blank, blank.full)


def test_wrapped_invitation_is_pasted_without_echo(home: Path, blank: Guarded) -> None:
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals on Windows")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "tracker_tui", "join"]
    line = invitation_to(blank, blank.full)
    program = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
    try:
        os.close(theirs)
        drawn = until(ours, b"answer questions instead")
        os.write(ours, f"```\n{wrapped(line)}\n```\n".encode())
        drawn += until(ours, b"[y/N]")
        os.write(ours, b"y\n")
        drawn += until(ours, b"Stored in")
        assert program.wait(60) == 0
    finally:
        program.kill()
        program.wait()
        os.close(ours)
    assert line[:40].encode() not in drawn
    assert kept(home) == settings_in_file(blank, blank.full)


def until(terminal: int, wanted: bytes) -> bytes:
    """Read a program's output until it contains the wanted text."""
    drawn = b""
    while wanted not in drawn:
        assert select.select([terminal], [], [], 60)[0], drawn
        drawn += os.read(terminal, 4096)
    return drawn


def test_missing_settings_are_asked_for(
    run: Run, home: Path, blank: Guarded, type_in: Type
) -> None:
    type_in(invitation_to(blank), blank.full, "yes")
    ran = run("join")
    assert ran.status == 0, ran.err
    assert "Token                  not included: you will be asked for one" in ran.err
    assert "answers, and wants a token" in ran.err
    assert "Its token (from whoever runs the database, hidden): " in ran.err
    assert blank.full not in ran.out + ran.err
    assert kept(home) == settings_in_file(blank, blank.full)


@pytest.mark.parametrize("profile", [None, "atreides"])
def test_joined_member_can_sign_in_and_list(
    run: Run,
    home: Path,
    blank: Guarded,
    type_in: Type,
    discord: FakeDiscord,
    profile: str | None,
) -> None:
    options = [] if profile is None else ["--profile", profile]
    type_in(invitation_to(blank, blank.full), "y")
    ran = run("join", *options)
    assert ran.status == 0, ran.err
    assert f"tracker-tui{''.join(f' {o}' for o in options)} login" in ran.out
    discord.approves_at_once = True
    assert run("login", *options).out.endswith("see everything, add, remove, set, move.\n")
    assert "Spice" in run("list", *options).out
    assert run("edit", "spice", "+5", *options).status == 0
    assert blank.books.quantities() == (1_005, 400)
    assert len(blank.books.rows("user_sessions")) == 1


def test_invite_and_join_round_trip(
    run: Run,
    home: Path,
    guarded: Guarded,
    discord: FakeDiscord,
    type_in: Type,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    sign_in(discord)
    given = guarded.server.token(sub="members")
    type_in(given)
    line = run("invite", "--with-token").out
    api_url = os.environ["DISCORD_API_URL"]
    for name in os.environ:
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TRACKER_HOME", str(tmp_path / "another"))
    monkeypatch.setenv("DISCORD_API_URL", api_url)
    # Pasted from a chat, with blanks and in backquotes.
    type_in(f"  `{line.strip()}`", "Y")
    assert run("join").status == 0
    assert kept(tmp_path / "another") == settings_in_file(guarded, given)


@pytest.mark.parametrize("said", ["n", "", "N", "no", "yeah", "nay", "j"])
def test_anything_but_yes_stores_nothing(
    run: Run, home: Path, blank: Guarded, type_in: Type, said: str
) -> None:
    type_in(invitation_to(blank, blank.full), said)
    ran = run("join")
    assert (ran.status, ran.out, last_line(ran)) == (2, "", NOTHING_KEPT)
    assert not config_file(home).exists()


@pytest.mark.parametrize("how_many", [0, 1, 2])
def test_end_of_input_stores_nothing(
    run: Run, home: Path, blank: Guarded, type_in: Type, how_many: int
) -> None:
    type_in(*[invitation_to(blank), blank.full][:how_many])
    ran = run("join")
    assert (ran.status, ran.out, last_line(ran)) == (2, "", NOTHING_MORE)
    assert not config_file(home).exists()


def cut(line: str) -> str:
    return line[:-5]


def mistyped(line: str) -> str:
    middle = len(line) // 2
    return line[:middle] + ("A" if line[middle] != "A" else "B") + line[middle + 1 :]


def newer(line: str) -> str:
    return line.replace(":1:", ":2:", 1)


def another_text(line: str) -> str:
    return "https://discord.gg/dune"


def far_too_long(line: str) -> str:
    return BEGIN + "A" * 20_000


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (cut, "cut or mistyped"),
        (mistyped, "cut or mistyped"),
        (newer, "newer tracker-tui"),
        (another_text, f"those start with {BEGIN}"),
        (far_too_long, "too long"),
    ],
)
def test_malformed_invitation_is_reported_and_not_quoted(
    run: Run, home: Path, blank: Guarded, type_in: Type, spoil: Any, said: str
) -> None:
    line = spoil(invitation_to(blank, blank.full))
    type_in(line, blank.full, "y")
    ran = run("join")
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert line not in ran.err
    assert not config_file(home).exists()
    assert blank.proxy.count == 0


def test_rejected_token_is_not_stored(run: Run, home: Path, blank: Guarded, type_in: Type) -> None:
    for lines in ([invitation_to(blank, "nonsense"), "y"], [invitation_to(blank), "nonsense", "y"]):
        type_in(*lines)
        ran = run("join")
        assert (ran.status, ran.out) == (4, "")
        assert "refuses your TURSO_AUTH_TOKEN" in ran.err
        assert "nonsense" not in ran.err
    assert not config_file(home).exists()


def test_unknown_application_is_not_stored(
    run: Run, home: Path, blank: Guarded, type_in: Type
) -> None:
    type_in(invitation_to(blank, blank.full, client_id="4711"), "y")
    ran = run("join")
    assert (ran.status, ran.out) == (1, "")
    assert "public client" in ran.err
    assert not config_file(home).exists()


def test_database_without_the_schema_is_not_stored(
    run: Run, home: Path, blank: Guarded, type_in: Type
) -> None:
    url = blank.server.new_database()
    with closing(open_remote(Remote(url, Secret(blank.full)))) as database:
        database.batch([RawQuery(statement) for statement in FOREIGN])
    type_in(invitation_to(blank, blank.full, database_url=url), "y")
    ran = run("join")
    assert (ran.status, ran.out) == (4, "")
    assert not config_file(home).exists()


@pytest.mark.parametrize("away", ["the database", "discord", "both"])
def test_unreachable_servers_do_not_prevent_joining(
    run: Run, home: Path, blank: Guarded, type_in: Type, discord: FakeDiscord, away: str
) -> None:
    if away != "discord":
        blank.proxy.fate = cut_before
    if away != "the database":
        discord.fail_always(AUTHORIZE, Fault.status(500))
    type_in(invitation_to(blank, blank.full), "y")
    ran = run("join")
    assert ran.status == 0, ran.err
    assert ran.err.count("Not tested: localhost:") == (0 if away == "discord" else 2)
    assert ran.err.count("Not tested: Discord is in trouble") == (away != "the database")
    assert kept(home) == settings_in_file(blank, blank.full)


def test_token_is_never_sent_unencrypted(
    run: Run, home: Path, blank: Guarded, type_in: Type
) -> None:
    line = invitation_to(blank, "some-token", database_url="http://guild.invalid/dune")
    type_in(line, "y")
    ran = run("join")
    assert (ran.status, ran.out) == (2, "")
    assert "TRACKER_INSECURE=1" in ran.err
    assert not config_file(home).exists()


# Joining by answers

ROLES_TEXT = json.dumps(ROLES)


def answers(blank: Guarded, **other: str) -> list[str]:
    """Return the answers in the order of the questions, with some replaced."""
    right = {
        "url": blank.proxy.url,
        "token": blank.full,
        "client": CLIENT,
        "guild": GUILD,
        "roles": ROLES_TEXT,
    }
    return list((right | other).values())


def test_without_an_invitation_all_settings_are_asked_for(
    run: Run, home: Path, blank: Guarded, type_in: Type
) -> None:
    type_in("", *answers(blank), "y")
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
    found = kept(home)
    assert json.loads(found.pop("DISCORD_ROLES_CONFIG")) == ROLES
    expected = settings_in_file(blank, blank.full)
    del expected["DISCORD_ROLES_CONFIG"]
    assert found == expected


def test_blanks_around_answers_are_ignored(
    run: Run, home: Path, blank: Guarded, type_in: Type
) -> None:
    type_in("  ", *(f"\t {text}  " for text in answers(blank)), " Y ")
    assert run("join").status == 0
    assert kept(home)["TURSO_AUTH_TOKEN"] == blank.full


WRONG = {
    "no URL": ({"url": "guild"}, "TURSO_DATABASE_URL"),
    "a file": ({"url": "file:guild.db"}, "TURSO_DATABASE_URL"),
    "no host": ({"url": "libsql://"}, "TURSO_DATABASE_URL"),
    "a URL with a token": ({"url": "http://localhost:1?authToken=hush"}, "TURSO_AUTH_TOKEN"),
    "nothing for a URL": ({"url": ""}, "TURSO_DATABASE_URL"),
    "another server's token": ({"token": "nonsense"}, "refuses your TURSO_AUTH_TOKEN"),
    "no token": ({"token": ""}, "wants a token"),
    "no number": ({"client": "dune-app"}, "DISCORD_CLIENT_ID"),
    "nothing for an application": ({"client": ""}, "DISCORD_CLIENT_ID"),
    "another application": ({"client": "4711"}, "public client"),
    "no server": ({"guild": "arrakis"}, "DISCORD_GUILD_ID"),
    "no JSON": ({"roles": "member"}, "DISCORD_ROLES_CONFIG"),
    "no role has access": ({"roles": '[{"id": "1", "name": "x"}]'}, "canAccessResources"),
    "nothing for roles": ({"roles": ""}, "DISCORD_ROLES_CONFIG"),
}


@pytest.mark.parametrize(("other", "said"), WRONG.values(), ids=WRONG)
def test_wrong_answer_from_a_pipe_ends_the_command(
    run: Run, home: Path, blank: Guarded, type_in: Type, other: dict[str, str], said: str
) -> None:
    type_in("", *answers(blank, **other), "y")
    ran = run("join")
    assert ran.status != 0
    assert ran.out == ""
    assert said in ran.err.splitlines()[-1]
    assert "hush" not in ran.err
    assert not config_file(home).exists()


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


def test_secrets_are_typed_without_echo(
    run: Run, home: Path, blank: Guarded, at_terminal: Any
) -> None:
    line = invitation_to(blank)
    terminal = at_terminal(line, blank.full, "y")
    assert run("join").status == 0
    assert terminal.hidden == [line, blank.full]


def test_wrong_answer_at_a_terminal_is_asked_again(
    run: Run, home: Path, blank: Guarded, at_terminal: Any
) -> None:
    wrong = [next(iter(other.values())) for other, _ in WRONG.values()]
    urls, tokens, clients, roles = wrong[:4], ["nonsense", ""], ["dune-app", "", "4711"], wrong[-3:]
    url, token, client, guild, good_roles = answers(blank)
    at_terminal(
        "no invitation", "", *urls, url, *tokens, token, *clients, client, "arrakis", guild, *roles,
        good_roles, "y",
    )  # fmt: skip
    ran = run("join")
    assert ran.status == 0, ran.err
    assert kept(home)["DISCORD_CLIENT_ID"] == CLIENT
    # Each wrong answer causes one line, and none quotes hidden input.
    assert ran.err.count("tracker-tui: ") == 1 + len([*urls, *tokens, *clients, *roles]) + 1
    assert blank.full not in ran.err


@pytest.mark.parametrize("wrong", [["no invitation"] * 5, ["", *["guild"] * 5]])
def test_five_wrong_answers_end_the_command(
    run: Run, home: Path, blank: Guarded, at_terminal: Any, wrong: list[str]
) -> None:
    terminal = at_terminal(*wrong, "never read")
    ran = run("join")
    assert ran.status == 2
    assert list(terminal.lines) == ["never read"]
    assert not config_file(home).exists()


def test_ctrl_c_and_ctrl_d_store_nothing(
    run: Run, home: Path, blank: Guarded, at_terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_terminal()
    assert run("join").status == 2

    def interrupted(prompt: str = "", stream: Any = None) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(getpass, "getpass", interrupted)
    ran = run("join")
    assert (ran.status, ran.err) == (130, "")
    assert not config_file(home).exists()


# Existing settings

KEYS = """\
# my own
[keys]
"tracker.quit" = "f10"   # far away
"""


def write_config(home: Path, text: str) -> None:
    config_file(home).parent.mkdir(parents=True, exist_ok=True)
    config_file(home).write_text(text, "utf-8")


def test_hand_written_settings_stay(run: Run, home: Path, blank: Guarded, type_in: Type) -> None:
    write_config(home, KEYS)
    type_in(invitation_to(blank, blank.full), "y")
    assert run("join").status == 0
    text = config_file(home).read_text("utf-8")
    assert KEYS in text
    assert kept(home) == settings_in_file(blank, blank.full) | {"keys": {"tracker.quit": "f10"}}
    if sys.platform != "win32":
        # The file contains a token now.
        assert stat.S_IMODE(config_file(home).stat().st_mode) == 0o600


@pytest.mark.parametrize("profile", [None, "atreides"])
def test_existing_guild_is_not_replaced(
    run: Run, home: Path, blank: Guarded, type_in: Type, profile: str | None
) -> None:
    head = "" if profile is None else f"[profiles.{profile}]\n"
    write_config(home, f'{head}TURSO_DATABASE_URL = "libsql://elsewhere.invalid"\n')
    before = config_file(home).read_bytes()
    type_in(invitation_to(blank, blank.full), "y")
    ran = run("join", *([] if profile is None else ["--profile", profile]))
    assert ran.status == 2
    assert "--profile NAME" in ran.error
    assert config_file(home).read_bytes() == before
    assert blank.proxy.count == 0


def test_another_guild_becomes_a_profile(
    run: Run, home: Path, blank: Guarded, type_in: Type
) -> None:
    first = 'TURSO_DATABASE_URL = "libsql://elsewhere.invalid"\n'
    write_config(home, first)
    type_in(invitation_to(blank, blank.full), "y")
    ran = run("--profile", "atreides", "join")
    assert ran.status == 0, ran.err
    assert config_file(home).read_text("utf-8").startswith(first)
    assert kept(home)["profiles"] == {"atreides": settings_in_file(blank, blank.full)}


@pytest.mark.parametrize("name", ["a b", "../x", "-x", "x" * 41, ""])
def test_profile_name_is_checked(
    run: Run, home: Path, blank: Guarded, type_in: Type, name: str
) -> None:
    type_in(invitation_to(blank, blank.full), "y")
    ran = run(f"--profile={name}", "join")
    assert ran.status == 2
    assert not config_file(home).exists()


def test_malformed_config_file_is_left_alone(
    run: Run, home: Path, blank: Guarded, type_in: Type
) -> None:
    write_config(home, "TURSO_AUTH_TOKEN = hush")
    type_in(invitation_to(blank, blank.full), "y")
    ran = run("join")
    assert ran.status == 2
    assert "isn't valid TOML" in ran.error
    assert "hush" not in ran.err
    assert config_file(home).read_text("utf-8") == "TURSO_AUTH_TOKEN = hush"


def test_overriding_settings_are_named(
    run: Run, home: Path, blank: Guarded, type_in: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURSO_DATABASE_URL", "libsql://elsewhere.invalid")
    type_in(invitation_to(blank, blank.full), "y")
    ran = run("join")
    assert ran.status == 0
    assert last_line(ran).startswith("tracker-tui: TURSO_DATABASE_URL is set in the environment")
    assert kept(home) == settings_in_file(blank, blank.full)


def test_environment_is_not_mixed_into_the_invitation(
    run: Run,
    home: Path,
    blank: Guarded,
    type_in: Type,
    discord: FakeDiscord,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in settings(discord, "http://localhost:1", "own").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DISCORD_CLIENT_SECRET", "hush")
    type_in(invitation_to(blank, blank.full), "y")
    ran = run("join")
    assert ran.status == 0, ran.err
    assert kept(home) == settings_in_file(blank, blank.full)
    assert all("client_secret" not in seen.form for seen in discord.seen)
