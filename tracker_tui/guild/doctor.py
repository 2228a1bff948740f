"""The doctor: checks the settings, files, network, database and sign-in, and advises on each.

    ✓ settings   a server named in the environment, a token is given, members sign in with Discord
    ✓ database   guild.turso.io answers in 31 ms, at first contact in 94
    ▲ token      lacks leaderboard:data_delete (undo)
                 Ask whoever runs the database for a token with them.

`examine` yields one `Finding` for each check, in this order. A check is left out if one that it
depends on failed: without an answer from the database nothing is said of its schema.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from tracker_tui.auth.discord_errors import DiscordUnreachable
from tracker_tui.auth.guild_membership import GuildMembership
from tracker_tui.config.setting_names import misspelt_in
from tracker_tui.config.settings import Auth, Config, Remote, holds_secret
from tracker_tui.db.database import Database
from tracker_tui.db.layout import Layout, SchemaKind
from tracker_tui.db.sqlite import is_there
from tracker_tui.errors import LedgerError, NotPermitted, TokenRejected, TrackerError
from tracker_tui.guild.database_factory import stores_of, unchecked_database
from tracker_tui.guild.membership_factory import guild_membership_of
from tracker_tui.ledger.rights_probe import (
    PERMISSIONS,
    missing_permissions,
    ping,
    read_clock_and_layout,
)
from tracker_tui.local.private_file import READ, WRITE, is_of_another_user, is_open_to_others

_CLOCK_SECONDS: Final = 60
"""A larger difference between the clocks is worth a note."""


class CheckStatus(StrEnum):
    """How serious a finding is; the values are the words of `doctor --json`."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of one check."""

    check: str
    state: CheckStatus
    found: str
    advice: str = ""
    """Advice; empty if there is nothing to do."""
    exit_status: int = 0
    """The exit status of any command that runs into this."""


def examine(config: Config, environ: Mapping[str, str] = {}) -> Iterator[Finding]:
    """Yield the findings, in the order of the checks; never raises."""
    yield _settings(config)
    for warning in (*config.warnings, *misspelt_in(environ)):
        yield _note("spelling", warning)
    yield from _files(config)
    yield from _network(config)
    yield from _database(config)
    if config.auth is Auth.DISCORD:
        yield from _guild(config)


def _ok(check: str, found: str) -> Finding:
    return Finding(check=check, state=CheckStatus.OK, found=found)


def _note(check: str, found: str, advice: str = "") -> Finding:
    return Finding(check=check, state=CheckStatus.NOTE, found=found, advice=advice)


def _wrong(check: str, error: TrackerError, found: str = "") -> Finding:
    return Finding(
        check=check,
        state=CheckStatus.WRONG,
        found=found or str(error),
        exit_status=error.exit_status,
    )


def _settings(config: Config) -> Finding:
    origin = f" named in {config.origin}" if config.origin else ""
    if not isinstance(config.database, Remote):
        kind = "the embedded database" if config.is_default_database else "a file"
        return _ok("settings", f"{kind}{origin}, {config.database}")
    server = f"a server{origin}, {'a token is given' if config.database.token else 'no token'}"
    if config.auth is Auth.NONE:
        return _ok("settings", f"{server}, a database of your own (TRACKER_AUTH=none)")
    return _ok("settings", f"{server}, members sign in with Discord")


def _files(config: Config) -> Iterator[Finding]:
    """Note files and folders that other users of this machine can read or change."""
    folders = config.folders
    settings = folders.config / "config.toml"
    try:
        if is_there(settings):
            yield from _settings_file(settings)
        for folder in (folders.config, folders.data, stores_of(config), folders.state):
            if is_there(folder) and is_open_to_others(folder, WRITE):
                found = f"other users of this machine can put files into {folder}"
                yield _note("files", found, f"Keep them out: chmod 700 {folder}")
    except OSError:
        return  # the check that needs the file reports it


def _settings_file(path: Path) -> Iterator[Finding]:
    if is_of_another_user(path):
        found = f"{path} belongs to another user, who can change it"
        yield _note("files", found, f"Make it yours: sudo chown $USER {path}")
    if is_open_to_others(path, WRITE):
        found = f"other users of this machine can change {path}"
    elif is_open_to_others(path, READ) and holds_secret(path):
        found = f"other users of this machine can read {path}, which holds a token or secret"
    else:
        return
    yield _note("files", found, f"Keep it to yourself: chmod 600 {path}")


def _network(config: Config) -> Iterator[Finding]:
    """Report a proxy, and certificates other than the usual ones."""
    if not isinstance(config.database, Remote):
        return
    from tracker_tui.net.route import route_to  # only a server needs it

    found = route_to(config.database.url.replace("libsql://", "https://", 1))
    if found:
        yield _ok("network", found)


def _database(config: Config) -> Iterator[Finding]:
    path = config.database
    if config.is_default_database and isinstance(path, Path) and not is_there(path):
        yield _note("database", "not there yet", "The first start makes it.")
        return
    try:
        with unchecked_database(config) as database:
            yield from _open_database(database, config)
    except TokenRejected as error:
        yield _wrong("token", error)
    except TrackerError as error:
        yield _wrong("database", error)


def _open_database(database: Database, config: Config) -> Iterator[Finding]:
    started = time.monotonic()
    ping(database)
    contact = time.monotonic() - started
    began, started = time.time(), time.monotonic()
    now, layout = read_clock_and_layout(database)
    latency = time.monotonic() - started
    speed = f"answers in {latency * 1000:.0f} ms, at first contact in {contact * 1000:.0f}"
    yield _ok("database", f"{database.where} {speed}")
    if isinstance(config.database, Remote):
        yield _token(database, config.database, layout)
    yield _schema(database, layout)
    yield _clock(now - (began + latency / 2))


def _token(database: Database, remote: Remote, layout: Layout) -> Finding:
    from tracker_tui.db.remote import may_write  # only a server needs it

    held = "none, and none is asked for" if remote.token is None else "accepted"
    if layout.kind in (SchemaKind.NONE, SchemaKind.FOREIGN):
        return _ok("token", held)
    missing = PERMISSIONS if may_write(remote) is False else missing_permissions(database)
    if not missing:
        return _ok("token", f"{held}: full, it may do what members do")
    if len(missing) == len(PERMISSIONS):
        found = "read only: you see everything and can change nothing"
        advice = "If you should, ask whoever runs the database for a token that may write."
        return _note("token", found, advice)
    lacking = ", ".join(f"{each.name} ({each.purpose})" for each in missing)
    advice = "Ask whoever runs the database for a token with them."
    return _note("token", f"lacks {lacking}", advice)


def _schema(database: Database, layout: Layout) -> Finding:
    from tracker_tui.db.schema import plan

    kind = layout.kind.value
    try:
        layout.require_ours(database.where)
        missing = plan(database)
    except LedgerError as error:
        return _wrong("schema", error, f"{kind}. {error}")
    if missing:
        found = f"{kind}; {len(missing)} indexes of ours are missing: it works, slowly"
        advice = "`tracker-tui init --plan` shows them, `tracker-tui init` adds them."
        return _note("schema", found, advice)
    return _ok("schema", kind)


def _clock(ahead: float) -> Finding:
    """Compare the clocks; the database's is `ahead` seconds ahead of this machine's."""
    seconds = round(abs(ahead))
    if seconds <= _CLOCK_SECONDS:
        return _ok("clock", f"{seconds} s from the database's")
    found = f"{seconds} s {'behind' if ahead > 0 else 'ahead of'} the database's"
    advice = "Set this machine's clock: encryption needs it. History times aren't affected."
    return _note("clock", found, advice)


def _guild(config: Config) -> Iterator[Finding]:
    try:
        membership = guild_membership_of(config)
    except TrackerError as error:
        yield _wrong("discord", error)
        return
    if config.discord.client_secret is not None:
        found = "DISCORD_CLIENT_SECRET is set: players must not have it"
        advice = "Use a Discord application of the guild that is a public client, and no secret."
        yield _note("discord", found, advice)
    try:
        yield _discord(membership)
        membership.require()
        yield _ok("session", f"signed in as {membership.member.name}")
    except NotPermitted as error:
        yield _wrong("session", error)
    except TrackerError as error:
        yield _wrong("discord", error)


def _discord(membership: GuildMembership) -> Finding:
    """Ask Discord for the roles if they are due, or for a sign-in code if there is no session."""
    if membership.session is None:
        from tracker_tui.auth.discord import Discord

        Discord(membership.guild).request_code()
        return _ok("discord", "knows the application, and would sign you in")
    try:
        membership.check()
    except DiscordUnreachable as error:
        return _note("discord", str(error), "Your last known roles hold for a day.")
    return _ok("discord", "confirmed your roles within the last four hours")
