"""The doctor: looks at the configured database, and says what is wrong and what to do about it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from tracker_tui.auth.errors import DiscordUnreachable
from tracker_tui.auth.guild_membership import GuildMembership
from tracker_tui.config.settings import Auth, Config, Remote, holds_secret
from tracker_tui.config.spelling import misspelt_in
from tracker_tui.db.database import Database
from tracker_tui.db.layout import Layout, SchemaKind
from tracker_tui.db.sqlite import is_there
from tracker_tui.errors import LedgerError, NotPermitted, TokenRejected, TrackerError
from tracker_tui.guild.database_factory import stores_of, unchecked_database
from tracker_tui.guild.membership_factory import guild_membership_of
from tracker_tui.ledger.probes import (
    PERMISSIONS,
    missing_permissions,
    ping,
    read_clock_and_layout,
)
from tracker_tui.local.private_file import READ, WRITE, is_of_another_user, is_open_to_others

_CLOCK_SECONDS: Final = 60
"""How far the clocks may be apart before it is worth a word."""


class CheckStatus(StrEnum):
    """How much a finding matters; the values are the words of `doctor --json`."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


class Finding(NamedTuple):
    """One thing that was looked at."""

    what: str
    state: CheckStatus
    found: str
    advice: str = ""
    """What to do about it; empty where there is nothing to do."""
    exit_status: int = 0
    """What a command ends with that meets this."""


def examine(config: Config, environ: Mapping[str, str] = {}) -> Iterator[Finding]:
    """Yield what is found, in the order in which one thing rests on another; never raises.

    What rests on something that is wrong is not looked at.
    """
    yield _settings(config)
    for told in (*config.warnings, *misspelt_in(environ)):
        yield Finding("spelling", CheckStatus.NOTE, told)
    yield from _of_files(config)
    yield from _network(config)
    yield from _of_database(config)
    if config.auth is Auth.DISCORD:
        yield from _of_guild(config)


def _of_database(config: Config) -> Iterator[Finding]:
    path = config.database
    if config.is_default_database and isinstance(path, Path) and not is_there(path):
        yield Finding("database", CheckStatus.NOTE, "not there yet", "The first start makes it.")
        return
    try:
        with unchecked_database(config) as database:
            yield from _database(database, config)
    except TokenRejected as error:
        yield _wrong("token", error)
    except TrackerError as error:
        yield _wrong("database", error)


def _settings(config: Config) -> Finding:
    origin = f" named in {config.origin}" if config.origin else ""
    if not isinstance(config.database, Remote):
        made = "the embedded database" if config.is_default_database else "a file"
        return Finding("settings", CheckStatus.OK, f"{made}{origin}, {config.database}")
    told = f"a server{origin}, {'a token is given' if config.database.token else 'no token'}"
    if config.auth is Auth.NONE:
        return Finding(
            "settings", CheckStatus.OK, f"{told}, a database of your own (TRACKER_AUTH=none)"
        )
    return Finding("settings", CheckStatus.OK, f"{told}, members sign in with Discord")


def _of_files(config: Config) -> Iterator[Finding]:
    """Warn of files that other users of this machine can read or change."""
    settings, folders = config.folders.config / "config.toml", config.folders
    try:
        if is_there(settings) and is_of_another_user(settings):
            told = f"{settings} belongs to another user, who can change it"
            yield Finding(
                "files", CheckStatus.NOTE, told, f"Make it yours: sudo chown $USER {settings}"
            )
        if is_there(settings) and is_open_to_others(settings, WRITE):
            told = f"other users of this machine can change {settings}"
        elif is_there(settings) and is_open_to_others(settings, READ) and holds_secret(settings):
            told = f"other users of this machine can read {settings}, which holds a token or secret"
        else:
            told = ""
        if told:
            yield Finding(
                "files", CheckStatus.NOTE, told, f"Keep it to yourself: chmod 600 {settings}"
            )
        for folder in (folders.config, folders.data, stores_of(config), folders.state):
            if is_there(folder) and is_open_to_others(folder, WRITE):
                told = f"other users of this machine can put files into {folder}"
                yield Finding("files", CheckStatus.NOTE, told, f"Keep them out: chmod 700 {folder}")
    except OSError:
        return  # what cannot be looked at is told of by what needs it


def _network(config: Config) -> Iterator[Finding]:
    """Say what requests go through and trust that is not as usual."""
    if not isinstance(config.database, Remote):
        return
    from tracker_tui.net.route import route_to  # a file must not pay for the way to a server

    told = route_to(config.database.url.replace("libsql://", "https://", 1))
    if told:
        yield Finding("network", CheckStatus.OK, told)


def _of_guild(config: Config) -> Iterator[Finding]:
    try:
        membership = guild_membership_of(config)
    except TrackerError as error:
        yield _wrong("discord", error)
        return
    if config.discord.client_secret is not None:
        yield Finding(
            "discord",
            CheckStatus.NOTE,
            "DISCORD_CLIENT_SECRET is set: players must not have it",
            "Use an application of the guild's own that is a public client, and no secret.",
        )
    try:
        yield from _discord(membership)
        membership.require()
        yield Finding("session", CheckStatus.OK, f"signed in as {membership.member.name}")
    except NotPermitted as error:
        yield _wrong("session", error)
    except TrackerError as error:
        yield _wrong("discord", error)


def _discord(membership: GuildMembership) -> Iterator[Finding]:
    """Ask Discord for roles where that is due, and for a code where nobody is signed in."""
    if membership.session is None:
        from tracker_tui.auth.discord import Discord

        Discord(membership.guild).begin()
        yield Finding("discord", CheckStatus.OK, "knows the application, and would sign you in")
        return
    try:
        membership.check()
        yield Finding(
            "discord", CheckStatus.OK, "said what your roles are within the last four hours"
        )
    except DiscordUnreachable as error:
        yield Finding(
            "discord", CheckStatus.NOTE, str(error), "For a day what it said last serves."
        )


def _database(database: Database, config: Config) -> Iterator[Finding]:
    started = time.monotonic()
    ping(database)
    contact = time.monotonic() - started
    began, started = time.time(), time.monotonic()
    now, layout = read_clock_and_layout(database)
    latency = time.monotonic() - started
    yield _reached(database.where, contact, latency)
    if isinstance(config.database, Remote):
        yield _token(database, config.database, layout)
    yield _schema(database, layout)
    yield _clock(now - (began + latency / 2))


def _reached(where: str, contact: float, latency: float) -> Finding:
    told = f"{where} answers in {latency * 1000:.0f} ms, at first contact in {contact * 1000:.0f}"
    return Finding("database", CheckStatus.OK, told)


def _token(database: Database, remote: Remote, layout: Layout) -> Finding:
    from tracker_tui.db.remote import may_write  # a file must not pay for the way to a server

    held = "none, and none is asked for" if remote.token is None else "accepted"
    if layout.kind in (SchemaKind.NONE, SchemaKind.FOREIGN):
        return Finding("token", CheckStatus.OK, held)
    missing = PERMISSIONS if may_write(remote) is False else missing_permissions(database)
    if not missing:
        return Finding("token", CheckStatus.OK, f"{held}: full, it may do what members do")
    if len(missing) == len(PERMISSIONS):
        return Finding(
            "token",
            CheckStatus.NOTE,
            "read only: everything is shown, nothing can be changed",
            "Ask whoever runs the database for a token that may write, if you should.",
        )
    lacking = ", ".join(f"{each.name} ({each.purpose})" for each in missing)
    advice = "Ask whoever runs the database for a token with them."
    return Finding("token", CheckStatus.NOTE, f"lacks {lacking}", advice)


def _schema(database: Database, layout: Layout) -> Finding:
    from tracker_tui.db.schema import plan

    try:
        layout.require_ours(database.where)
        missing = plan(database)
    except LedgerError as error:
        return _wrong("schema", error)._replace(found=f"{layout.kind.value}. {error}")
    if missing:
        return Finding(
            "schema",
            CheckStatus.NOTE,
            f"{layout.kind.value}; {len(missing)} indexes of ours are missing: it works, slowly",
            "tracker-tui init --plan shows them, tracker-tui init adds them.",
        )
    return Finding("schema", CheckStatus.OK, layout.kind.value)


def _clock(ahead: float) -> Finding:
    seconds = round(abs(ahead))
    if seconds <= _CLOCK_SECONDS:
        return Finding("clock", CheckStatus.OK, f"{seconds} s from the database's")
    return Finding(
        "clock",
        CheckStatus.NOTE,
        f"{seconds} s {'behind' if ahead > 0 else 'ahead of'} the database's",
        "Set the clock of this machine: encryption minds it. Times are the database's anyway.",
    )


def _wrong(what: str, error: TrackerError) -> Finding:
    return Finding(what, CheckStatus.WRONG, str(error), exit_status=error.exit_status)
