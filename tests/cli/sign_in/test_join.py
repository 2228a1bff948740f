"""`tracker-tui join` stores the settings of a guild: from an invitation, or from answers."""

from __future__ import annotations

import io
import os
import select
import subprocess
import sys
import textwrap
from contextlib import closing
from itertools import product
from pathlib import Path

import pytest
from peewee import RawQuery

from cli.sign_in.member_guild import (
    AUTHORIZE,
    CLIENT,
    GUILD,
    Guarded,
    Type,
    assert_kept,
    assert_private,
    config_file,
    invitation_to,
    kept_settings,
    session_file,
    settings_in_file,
)
from helpers.commands import Ran, Run
from helpers.discord import FakeDiscord, Fault
from helpers.listening import SECONDS
from helpers.membership import configure, settings
from helpers.other_schemas import FOREIGN
from helpers.proxy import cut_before
from tracker_tui.config.settings import Remote, Secret
from tracker_tui.db.remote import open_remote
from tracker_tui.guild.invitation import BEGIN

NOTHING_KEPT = "tracker-tui: Nothing was stored.\n"
NOTHING_MORE = (
    "tracker-tui: The input ended before every question was answered. Nothing was stored.\n"
)
QUESTION = "Store this, and sign in next? [y/N] "


def last_line(ran: Ran) -> str:
    return ran.err.splitlines(keepends=True)[-1].removeprefix(QUESTION)


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
    assert kept_settings(home) == settings_in_file(blank, blank.full)
    assert_private(config_file(home))
    assert list(config_file(home).parent.iterdir()) == [config_file(home)]


def wrapped(line: str) -> str:
    return textwrap.fill(line, 76, break_on_hyphens=False)


def test_invitation_survives_mail_and_editors(
    run: Run, home: Path, blank: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = invitation_to(blank, blank.full)
    for how, content in {
        "quoted": textwrap.indent(f"```\n{wrapped(line)}\n```", "> ").encode() + b"\ny\n",
        "UTF-16": f"{wrapped(line)}\r\ny\r\n".encode("utf-16"),
        "with a byte-order mark": f"{line}\ny\n".encode("utf-8-sig"),
    }.items():
        piped = io.TextIOWrapper(io.BufferedReader(io.BytesIO(content)))
        monkeypatch.setattr(sys, "stdin", piped)
        ran = run("join")
        assert ran.status == 0, (how, ran.err)
        assert kept_settings(home) == settings_in_file(blank, blank.full), how
        config_file(home).unlink()


def test_a_terminal_shows_no_invitation_and_no_process_a_secret(
    home: Path, blank: Guarded, discord: FakeDiscord
) -> None:
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals on Windows")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "tracker_tui"]
    line = invitation_to(blank, blank.full)
    joining = subprocess.Popen([*command, "join"], stdin=theirs, stdout=theirs, stderr=theirs)
    try:
        os.close(theirs)
        drawn = until(ours, b"answer questions instead")
        os.write(ours, f"```\n{wrapped(line)}\n```\n".encode())
        drawn += until(ours, b"[y/N]")
        seen = seen_by_others(joining.pid)
        os.write(ours, b"y\n")
        drawn += until(ours, b"Stored in")
        assert joining.wait(SECONDS) == 0
    finally:
        joining.kill()
        joining.wait()
        os.close(ours)
    assert line[:40].encode() not in drawn
    assert_kept(Ran(0, drawn.decode() + seen, ""), home, [blank.full])
    assert kept_settings(home) == settings_in_file(blank, blank.full)

    with subprocess.Popen(
        [*command, "login"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as login:
        try:
            assert login.stdout is not None
            lines = [login.stdout.readline() for _ in range(4)]
            seen += seen_by_others(login.pid)
            discord.approve()
            out, err = login.communicate(timeout=SECONDS)
        finally:
            login.kill()
    assert (login.returncode, err) == (0, "")
    assert not Path("/proc/self/environ").exists() or ("join" in seen and "login" in seen)
    tokens = [secret for secret in discord.issued if not secret.startswith("device-")]
    devices = [secret for secret in discord.issued if secret.startswith("device-")]
    assert_kept(Ran(0, "".join(lines) + out + seen, ""), home, [blank.full, *devices], tokens)
    assert_private(config_file(home))
    assert_private(session_file(home))


def until(terminal: int, wanted: bytes) -> bytes:
    """Read a program's output until it contains the wanted text."""
    drawn = b""
    while wanted not in drawn:
        assert select.select([terminal], [], [], 60)[0], drawn
        drawn += os.read(terminal, 4096)
    return drawn


def read_if_there(path: Path) -> str:
    """Return the contents of a /proc file, or "" once its process or thread has ended."""
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def seen_by_others(pid: int) -> str:
    """Return what other users may see of a process and its children."""
    processes = [Path(f"/proc/{pid}")]
    for process in processes:
        for task in process.glob("task/*/children"):
            processes += [Path(f"/proc/{child}") for child in read_if_there(task).split()]
    shown = product(processes, ("cmdline", "environ"))
    return "\n".join(read_if_there(process / name) for process, name in shown)


def test_joined_member_can_sign_in_and_edit(
    run: Run, blank: Guarded, type_in: Type, discord: FakeDiscord
) -> None:
    options = ["--profile", "atreides"]
    type_in(invitation_to(blank, blank.full), "y")
    ran = run("join", *options)
    assert ran.status == 0, ran.err
    assert "tracker-tui --profile atreides login" in ran.out
    discord.approves_at_once = True
    assert run("login", *options).out.endswith("see everything, add, remove, set, move.\n")
    assert run("edit", "spice", "+5", *options).status == 0
    assert blank.books.quantities() == (1_005, 400)
    assert len(blank.books.rows("user_sessions")) == 1


def test_a_missing_token_is_asked_for_and_anything_but_yes_stores_nothing(
    run: Run, home: Path, blank: Guarded, type_in: Type
) -> None:
    complete = [invitation_to(blank), blank.full]
    for lines, said in (
        *(([*complete, answer], NOTHING_KEPT) for answer in ("n", "", "yeah")),
        *((complete[:number], NOTHING_MORE) for number in range(3)),
    ):
        type_in(*lines)
        ran = run("join")
        assert (ran.status, ran.out, last_line(ran)) == (2, "", said), lines[2:]
        assert not config_file(home).exists()
    type_in(*complete, "yes")
    ran = run("join")
    assert ran.status == 0, ran.err
    for line in (
        "Token                  not included: you will be asked for one",
        "answers, and wants a token",
        "Its token (from whoever runs the database, hidden): ",
    ):
        assert line in ran.err
    assert blank.full not in ran.out + ran.err
    assert kept_settings(home) == settings_in_file(blank, blank.full)


def test_invitation_that_does_not_work_is_reported_and_not_stored(
    run: Run, home: Path, blank: Guarded, type_in: Type
) -> None:
    line, without_token = invitation_to(blank, blank.full), invitation_to(blank)
    foreign = blank.server.new_database()
    with closing(open_remote(Remote(foreign, Secret(blank.full)))) as database:
        database.batch([RawQuery(statement) for statement in FOREIGN])
    in_the_clear = invitation_to(blank, blank.full, database_url="http://guild.invalid/dune")
    for lines, status, said in (
        ([line[:-5]], 2, "cut or mistyped"),
        ([line.replace(":1:", ":2:", 1)], 2, "newer tracker-tui"),
        (["https://discord.gg/dune"], 2, f"those start with {BEGIN}"),
        ([in_the_clear], 2, "TRACKER_INSECURE=1"),
        ([without_token, "nonsense"], 4, "refuses your TURSO_AUTH_TOKEN"),
        ([invitation_to(blank, blank.full, database_url=foreign)], 4, "is not a tracker database"),
        ([invitation_to(blank, blank.full, client_id="4711")], 1, "public client"),
    ):
        type_in(*lines, "y")
        ran = run("join")
        assert (ran.status, ran.out) == (status, ""), said
        assert said in ran.err
        assert not any(secret in ran.err for secret in (*lines, blank.full)), said
        assert not config_file(home).exists(), said
        if status == 2:
            assert blank.proxy.count == 0, said


def test_unreachable_servers_do_not_prevent_joining(
    run: Run, home: Path, blank: Guarded, type_in: Type, discord: FakeDiscord
) -> None:
    blank.proxy.fate = cut_before
    discord.fail_always(AUTHORIZE, Fault.status(500))
    type_in(invitation_to(blank, blank.full), "y")
    ran = run("join")
    assert ran.status == 0, ran.err
    assert ran.err.count("Not tested: localhost:") == 2
    assert ran.err.count("Not tested: Discord is in trouble") == 1
    assert kept_settings(home) == settings_in_file(blank, blank.full)


# Existing settings


def write_config(home: Path, text: str) -> None:
    config_file(home).parent.mkdir(parents=True, exist_ok=True)
    config_file(home).write_text(text, "utf-8")


def test_existing_guild_is_not_replaced(
    run: Run, home: Path, blank: Guarded, type_in: Type
) -> None:
    for head, options in (("", []), ("[profiles.atreides]\n", ["--profile", "atreides"])):
        write_config(home, f'{head}TURSO_DATABASE_URL = "libsql://elsewhere.invalid"\n')
        before = config_file(home).read_bytes()
        type_in(invitation_to(blank, blank.full), "y")
        ran = run("join", *options)
        assert ran.status == 2, head
        assert "--profile NAME" in ran.error, head
        assert config_file(home).read_bytes() == before, head
    assert blank.proxy.count == 0


def test_environment_overrides_the_invitation_but_is_not_mixed_into_it(
    run: Run,
    home: Path,
    blank: Guarded,
    type_in: Type,
    discord: FakeDiscord,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(monkeypatch, settings(discord, "http://localhost:1", "own"))
    monkeypatch.setenv("DISCORD_CLIENT_SECRET", "hush")
    type_in(invitation_to(blank, blank.full), "y")
    ran = run("join")
    assert ran.status == 0, ran.err
    assert last_line(ran).startswith("tracker-tui: TURSO_DATABASE_URL")
    assert "set in the environment" in last_line(ran)
    assert kept_settings(home) == settings_in_file(blank, blank.full)
    assert all("client_secret" not in seen.form for seen in discord.seen)
