"""Secrets are stored only where they belong, and never printed or logged, whatever Discord does.

The worst Discord puts all secrets that it was sent or ever issued into its answers.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.sign_in.member_guild import (
    AUTHORIZE,
    HOUR,
    ME,
    MEMBER,
    REVOKE,
    TOKEN,
    Guarded,
    Type,
    session_file,
)
from cli.sign_in.test_join import config_file, invitation_to
from helpers.commands import Ran, Run, environment
from helpers.discord import FakeDiscord, Fault, Membership, Seen
from helpers.listening import SECONDS
from helpers.membership import MEMBER_ROLE, configure, settings, sign_in
from helpers.proxy import Fate, ProxiedRequest, Reply, answer, cut_before, pass_on

DATABASE_TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJhIjoicncifQ.Kx7vQm2pTz9wLb4n"
CLIENT_SECRET = "zQ8-uVw3_kLmN5pR7sT9xYbC1dEfG2hJ"
_PIECE = 12
"""Characters; a part of a secret of this length counts as a leak."""


class KnownSecrets(NamedTuple):
    """The secrets that the worst Discord knows when it answers."""

    sent: list[str]
    """The secrets in the request, those of the application last."""
    everything: str


Shape = Callable[[KnownSecrets], Fault]


class WorstDiscord(FakeDiscord):
    """A Discord that puts secrets into its answers to some requests."""

    def __init__(self) -> None:
        super().__init__(
            interval=1,
            membership=Membership(roles=[MEMBER_ROLE]),
            client_secret=CLIENT_SECRET,
            approves_at_once=True,
        )
        self.path = ""
        self.shape: Shape | None = None
        self.left = 0
        """How many more requests to the path get such an answer."""

    def betray(self, path: str, shape: Shape, times: int = 2) -> None:
        self.path, self.shape, self.left = path, shape, times

    def receive(self, seen: Seen) -> Fault | None:
        fault = super().receive(seen)
        if self.shape is None or seen.path != self.path or not self.left:
            return fault
        self.left -= 1
        named = ("token", "device_code", "refresh_token", "client_secret")
        bearer = seen.headers.get("authorization", "").removeprefix("Bearer ")
        sent = [bearer, *(seen.form.get(name, "") for name in named)]
        everything = " ".join([*sent, *self.issued, DATABASE_TOKEN])
        return self.shape(KnownSecrets([secret for secret in sent if secret], everything))


def in_json(status: int) -> Shape:
    def shape(known: KnownSecrets) -> Fault:
        # A server can echo only secrets in the request.
        said = " ".join(known.sent)
        return Fault.status(
            status, {"error": said, "error_description": said, "message": said, "retry_after": said}
        )

    return shape


def in_words(status: int) -> Shape:
    return lambda known: Fault.status(status, known.everything.encode())


def in_headers(status: int) -> Shape:
    return lambda known: Fault.status(
        status, headers={"Location": known.everything, "Retry-After": known.everything}
    )


def in_an_answer_of_another_kind(known: KnownSecrets) -> Fault:
    return Fault.status(
        200, {name: {"x": known.everything} for name in ("access_token", "id", "device_code")}
    )


def in_fields_that_are_no_good(known: KnownSecrets) -> Fault:
    odd = f"{known.everything}\n"
    return Fault.status(
        200,
        {
            **dict.fromkeys(("access_token", "refresh_token", "id", "username"), odd),
            "device_code": "d",
            "user_code": "U",
            "verification_uri": f"http://discord.com/{known.everything}",
            "roles": odd,
        },
    )


def in_a_token_that_cannot_be_sent(known: KnownSecrets) -> Fault:
    # An HTTP library may quote an invalid header.
    return Fault.status(
        200, {"access_token": f"{known.everything}\n", "token_type": "Bearer", "refresh_token": "r"}
    )


def cut_off(number: int, kept: int) -> Shape:
    """Put a secret where a message that is too long is cut."""

    def shape(known: KnownSecrets) -> Fault:
        secret = known.sent[number] if known.sent else ""
        return Fault.status(400, {"error": "x" * (199 - kept) + secret})

    return shape


SHAPES: dict[str, Shape] = {
    **{f"{status} in JSON": in_json(status) for status in (200, 400, 401, 403, 404, 429, 500)},
    **{f"{status} in words": in_words(status) for status in (200, 400, 500)},
    "302 in headers": in_headers(302),
    "429 in headers": in_headers(429),
    "an answer of another kind": in_an_answer_of_another_kind,
    "fields that are no good": in_fields_that_are_no_good,
    "a token that cannot be sent": in_a_token_that_cannot_be_sent,
    "hangs up": lambda known: Fault.hang_up(),
    "loses its answer": lambda known: Fault.answer_lost(),
}


@pytest.fixture
def worst(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorstDiscord]:
    """The worst Discord, configured with an application that has a secret."""
    with WorstDiscord() as discord:
        configure(monkeypatch, settings(discord, "http://localhost:1", DATABASE_TOKEN))
        yield discord


def pieces(secret: str) -> set[str]:
    return {secret[start : start + _PIECE] for start in range(len(secret) - _PIECE + 1)}


def everything_kept(home: Path) -> Iterator[tuple[Path, str]]:
    """Yield each path with its name and contents; stores are binary but contain texts."""
    for path in home.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        yield path, f"{path.name}\n{content.decode('utf-8', 'replace')}"


def assert_kept(ran: Ran, home: Path, secrets: Sequence[str], tokens: Sequence[str] = ()) -> None:
    """Assert that no piece of a secret was printed, or stored where it does not belong.

    `tokens` are a session's secrets, which its file may contain.
    """
    for secret in (*secrets, *tokens):
        for piece in pieces(secret):
            assert piece not in ran.out + ran.err, "printed"
    for path, text in everything_kept(home):
        leaked = {
            secret for secret in (*secrets, *tokens) if any(p in text for p in pieces(secret))
        }
        if path == config_file(home):
            continue  # `join` wrote it; other tests check its permissions
        if path.parent.name == "sessions":
            leaked -= set(tokens)
        assert not leaked, f"kept in {path}"
        if any(token in text for token in tokens):
            assert_private(path)


def assert_private(path: Path) -> None:
    if sys.platform != "win32":
        modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)]
        assert modes == [0o600, 0o700]


def assert_all_kept(ran: Ran, home: Path, discord: FakeDiscord) -> None:
    """Assert that only access and refresh tokens are stored, and only in a session."""
    tokens = [secret for secret in discord.issued if not secret.startswith("device-")]
    devices = [secret for secret in discord.issued if secret.startswith("device-")]
    assert_kept(ran, home, [DATABASE_TOKEN, CLIENT_SECRET, *devices], tokens)


WAYS: dict[str, tuple[str, list[str]]] = {
    "login, the code": (AUTHORIZE, ["login"]),
    "login, waiting": (TOKEN, ["login"]),
    "login, who": (ME, ["login"]),
    "login, roles": (MEMBER, ["login"]),
    "a check, who": (ME, ["whoami"]),
    "a check, roles": (MEMBER, ["whoami"]),
    "a refresh": (TOKEN, ["whoami"]),
    "logout": (REVOKE, ["logout"]),
}


def sign_in_again(worst: WorstDiscord, path: str) -> None:
    """Store a sign-in so old that it is checked first; expire its token to force a refresh."""
    worst.left = 0
    sign_in(worst, age=29 * HOUR)
    if path == TOKEN:
        worst.expire_access()


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(("path", "argv"), WAYS.values(), ids=WAYS)
def test_no_reply_of_discord_reveals_a_secret(
    run: Run, home: Path, worst: WorstDiscord, path: str, argv: list[str], shape: Shape
) -> None:
    for options in ([], ["--debug"]):
        session_file(home).unlink(missing_ok=True)
        if argv != ["login"]:
            sign_in_again(worst, path)
        worst.betray(path, shape)
        ran = run(*argv, *options)
        assert_all_kept(ran, home, worst)
        assert worst.left < 2, "it was never asked"
    if argv == ["login"] and ran.status:
        # Without a log, this test would check too little.
        assert (home / "state" / "debug.log").exists()


@pytest.mark.parametrize(("path", "argv"), WAYS.values(), ids=WAYS)
def test_no_part_of_a_cut_secret_is_revealed(
    run: Run, home: Path, worst: WorstDiscord, path: str, argv: list[str]
) -> None:
    for number, kept in product((0, -1), (30, 16)):
        session_file(home).unlink(missing_ok=True)
        if argv != ["login"]:
            sign_in_again(worst, path)
        worst.betray(path, cut_off(number, kept))
        ran = run(*argv, "--debug")
        assert_all_kept(ran, home, worst)
        assert worst.left < 2, "it was never asked"


@pytest.mark.usefixtures("single_try")
@pytest.mark.parametrize("path", [ME, MEMBER, TOKEN], ids=["who", "roles", "a refresh"])
@pytest.mark.parametrize(
    "argv", [["list"], ["edit", "spice", "+1"], ["doctor", "--json"]], ids=" ".join
)
def test_no_command_reveals_a_secret(
    run: Run, home: Path, worst: WorstDiscord, path: str, argv: list[str]
) -> None:
    for name in ("200 in JSON", "400 in JSON", "429 in headers", "fields that are no good"):
        sign_in_again(worst, path)
        worst.betray(path, SHAPES[name])
        assert_all_kept(run(*argv, "--debug"), home, worst)
        assert worst.left < 2, name


def test_client_secret_is_sent_for_its_application_only(
    run: Run, home: Path, settings_of_guild: dict[str, str], discord: FakeDiscord
) -> None:
    config_file(home).parent.mkdir(parents=True)
    config_file(home).write_text(
        f"DISCORD_CLIENT_ID = '4711'\nDISCORD_CLIENT_SECRET = '{CLIENT_SECRET}'\n"
        "TURSO_DATABASE_URL = 'libsql://elsewhere.invalid'\n",
        "utf-8",
    )
    discord.approves_at_once = True
    # The environment names another application.
    assert run("login").status == 0
    assert {seen.form["client_id"] for seen in discord.requests_to(TOKEN)} == {discord.client_id}
    assert CLIENT_SECRET not in str(discord.seen)


# Stored files


@pytest.mark.usefixtures("settings_of_guild")
def test_tokens_are_in_the_session_only(run: Run, home: Path, discord: FakeDiscord) -> None:
    discord.approves_at_once = True
    assert run("login").status == 0
    tokens = [secret for secret in discord.issued if not secret.startswith("device-")]
    holding = [path for path, text in everything_kept(home) if any(t in text for t in tokens)]
    assert holding == [session_file(home)]
    assert_private(session_file(home))


def test_refreshed_tokens_are_private(run: Run, home: Path, worst: WorstDiscord) -> None:
    sign_in(worst, age=5 * HOUR)
    worst.expire_access()
    ran = run("whoami")
    assert ran.status == 0
    assert_all_kept(ran, home, worst)
    # The old tokens are gone.
    text = session_file(home).read_text("utf-8")
    assert [token in text for token in worst.issued] == [False, False, True, True]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
@pytest.mark.usefixtures("settings_of_guild")
def test_umask_does_not_widen_permissions(run: Run, home: Path, discord: FakeDiscord) -> None:
    discord.approves_at_once = True
    before = os.umask(0)
    try:
        assert run("login").status == 0
        assert run("list", "--debug").status == 4
    finally:
        os.umask(before)
    for path, text in everything_kept(home):
        if any(secret in text for secret in discord.issued):
            assert_private(path)


# The database's token


def quoting(status: int) -> Fate:
    """Echo the token of each request."""

    def fate(proxied: ProxiedRequest) -> None:
        said = proxied.headers.get("authorization", "")
        proxied.reply(Reply(status, json.dumps({"error": said, "code": said}).encode()))

    return fate


FATES: dict[str, Fate] = {
    "passes": pass_on,
    "cut": cut_before,
    "no JSON": answer(200, b"<html>"),
    **{f"quoted with {status}": quoting(status) for status in (200, 400, 401, 403, 404, 429, 500)},
}


@pytest.mark.parametrize("fate", FATES.values(), ids=FATES)
def test_no_reply_of_the_database_reveals_its_token(
    run: Run, home: Path, guarded: Guarded, discord: FakeDiscord, type_in: Type, fate: Fate
) -> None:
    discord.approves_at_once = True
    guarded.proxy.fate = fate
    members = guarded.server.token(sub="members")
    for options in ([], ["--debug"]):
        ran = run("login", *options)
        assert ran.status == 0
        assert_kept(ran, home, [guarded.full])
        type_in(members)
        ran = run("invite", "--with-token", *options)
        # The invitation contains the token only in packed form.
        assert_kept(ran, home, [guarded.full, members])
        ran = run("logout", *options)
        assert_kept(ran, home, [guarded.full, *discord.issued])


@pytest.mark.parametrize("fate", FATES.values(), ids=FATES)
@pytest.mark.parametrize("way", ["invitation", "answers"])
def test_join_stores_the_token_in_the_settings_only(
    run: Run,
    home: Path,
    guarded: Guarded,
    discord: FakeDiscord,
    type_in: Type,
    monkeypatch: pytest.MonkeyPatch,
    fate: Fate,
    way: str,
) -> None:
    for name in settings(discord, "", "token"):
        if name != "DISCORD_API_URL":
            monkeypatch.delenv(name)
    guarded.proxy.fate = fate
    token = guarded.server.token(sub="members")
    line = invitation_to(guarded, token if way == "invitation" else None)
    for options in ([], ["--debug"]):
        type_in(line, *([token] if way == "answers" else []), "y")
        ran = run("join", *options)
        body = line.rpartition(":")[2]
        secrets = [token, body] if way == "invitation" else [token]
        assert_kept(ran, home, secrets)
        if config_file(home).exists():
            assert_private(config_file(home))
            assert token in config_file(home).read_text("utf-8")
            assert list(config_file(home).parent.iterdir()) == [config_file(home)]
            config_file(home).unlink()
        else:
            assert ran.status != 0


# Other processes


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


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc")
def test_processes_show_no_secret(
    home: Path, guarded: Guarded, discord: FakeDiscord, tmp_path: Path
) -> None:
    token = guarded.server.token(sub="members")
    given = environment(home, DISCORD_API_URL=discord.url)

    def start(command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tracker_tui", command],
            cwd=tmp_path,
            env=given,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    with start("join") as joining:
        try:
            assert joining.stdin is not None
            assert joining.stderr is not None
            joining.stdin.write(f"{invitation_to(guarded, token)}\n")
            joining.stdin.flush()
            said = ""
            while "Discord knows the application" not in said:
                said += joining.stderr.readline()
                assert joining.poll() is None, said
            seen = seen_by_others(joining.pid)
            out, err = joining.communicate("y\n", timeout=SECONDS)
        finally:
            joining.kill()
    assert joining.returncode == 0, err
    assert "join" in seen
    assert_kept(Ran(0, out + seen, said + err), home, [token])

    with start("login") as login:
        try:
            assert login.stdout is not None
            lines = [login.stdout.readline() for _ in range(4)]
            seen = seen_by_others(login.pid)
            discord.approve()
            out, err = login.communicate(timeout=SECONDS)
        finally:
            login.kill()
    assert (login.returncode, err) == (0, "")
    assert "login" in seen
    tokens = [secret for secret in discord.issued if not secret.startswith("device-")]
    devices = [secret for secret in discord.issued if secret.startswith("device-")]
    ran = Ran(0, "".join(lines) + out + seen, err)
    assert_kept(ran, home, [token, *devices], tokens)
    assert_private(config_file(home))
    assert_private(session_file(home))
