"""`tracker-tui login`, `logout` and `whoami`: sign in with Discord from a plain terminal."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Final

from tracker_tui.auth.access_policy import CHECK_AFTER, GRACE
from tracker_tui.auth.discord_errors import CodeExpired, DiscordError, NotSignedIn, OtherGuild
from tracker_tui.auth.guild_membership import GuildMembership
from tracker_tui.cli.command_setup import load_settings, send_pending
from tracker_tui.cli.output import complain, say
from tracker_tui.config.settings import Auth, Config
from tracker_tui.domain.messages import ago, time_since
from tracker_tui.domain.roles import ALL_RIGHTS, allowed
from tracker_tui.domain.text import one_line
from tracker_tui.errors import ConfigError, LedgerError, StatementRejected, UsageError
from tracker_tui.guild.database_factory import open_ledger
from tracker_tui.guild.membership_factory import (
    as_member,
    guild_membership_of,
    not_recorded,
    record_sign_in,
)

_CODES: Final = 3
"""How many codes to show before giving up."""
_TIMEOUT_SECONDS: Final = 5.0


def login(arguments: argparse.Namespace) -> int:
    """Show a code, wait until it is entered at Discord, and store the session."""
    config = load_settings(arguments)
    membership = _guild_membership(config)
    if membership.is_admitted and membership.session is not None:
        say(f"You are signed in as {membership.session.name} already: tracker-tui logout first.")
        return 0
    _sign_in(membership)
    membership.require()
    _record(config, membership)
    member = membership.member
    say(f"Signed in as {member.name}. You may {allowed(member.rights)}.")
    return 0


def logout(arguments: argparse.Namespace) -> int:
    """Revoke the session at Discord, and remove personal files from this machine."""
    return sign_out_and_report(load_settings(arguments), discard=arguments.discard)


def sign_out_and_report(config: Config, *, discard: bool) -> int:
    """Sign out, print what happened, and return the exit status."""
    from tracker_tui.guild.sign_out import pending_changes, sign_out

    membership = _guild_membership(config)
    if membership.session is None:
        try:
            membership.require_session()
        except OtherGuild:
            raise
        except NotSignedIn:
            membership.sign_out()  # removes a damaged session
        say("You are not signed in.")
        return 0
    if not discard and pending_changes(config, membership):
        send_pending(config)
    done = sign_out(config, membership, discard=discard)
    say(f"{done.name} is signed out, and personal files are removed from this machine.")
    if done.revoke_error is None:
        say("Discord has signed this application out for you everywhere, on other machines too.")
        return 0
    complain(
        f"{done.revoke_error} Discord still lists the sign-in: revoke it under User Settings, "
        "Authorized Apps."
    )
    return done.revoke_error.exit_status


def whoami(arguments: argparse.Namespace) -> int:
    """Print the member's name, roles and permissions, and how long they are valid."""
    config = load_settings(arguments)
    if config.auth is Auth.NONE:
        say(f"{config.member}, of this machine: a database of your own, without a guild")
        say(f"may       {allowed(ALL_RIGHTS)}")
        return 0
    membership = _guild_membership(config)
    membership.require_session()
    try:
        membership.check()
    except DiscordError as error:
        complain(str(error))
    for line in _description(membership):
        say(line)
    membership.require()
    return 0


def _guild_membership(config: Config) -> GuildMembership:
    if config.auth is Auth.NONE:
        raise UsageError(
            "This database is your own (a file, or TRACKER_AUTH=none) and needs no sign-in. "
            "To join a guild: tracker-tui join."
        )
    return guild_membership_of(config)


def _sign_in(membership: GuildMembership) -> None:
    # Imported here because it loads an HTTP client, which a signed-in member doesn't need.
    from tracker_tui.auth.sign_in import SignIn

    sign_in = SignIn(membership)
    for number in range(1, _CODES + 1):
        code = sign_in.begin()
        minutes = max(1, round((code.expires_at - time.monotonic()) / 60))
        say(f"Open      {code.link}")
        say(f"and enter {code.user_code}")
        say(f"or open   {code.link_with_code}")
        say(f"The code expires in {minutes} min. Waiting; Ctrl+C stops.")
        try:
            sign_in.finish(code, _sleep)
        except CodeExpired:
            if number == _CODES:
                raise
            complain("The code expired. Here is another one.")
        else:
            return


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def _record(config: Config, membership: GuildMembership) -> None:
    """Record the sign-in in the guild's database; a failure is printed, not raised."""
    hurried = config._replace(busy_seconds=_TIMEOUT_SECONDS)
    try:
        with closing(open_ledger(as_member(hurried, membership.member.id))) as ledger:
            record_sign_in(membership, ledger)
    except StatementRejected as error:
        complain(not_recorded(error))
    except (LedgerError, ConfigError) as error:
        complain(f"The sign-in is not in the database yet; the next start records it: {error}")


def _description(membership: GuildMembership) -> Iterator[str]:
    session = membership.require_session()
    yield f"{session.name} ({session.username}, {session.member_id})"
    held = [role.name for role in membership.guild.roles if role.id in session.role_ids]
    yield f"roles     {', '.join(one_line(name, 40) for name in held) or 'none of this guild'}"
    yield f"may       {allowed(membership.member.rights)}"
    now = max(time.time(), session.seen_at)
    yield f"read      from Discord {time_since(int(now - session.checked_at))}"
    if not membership.is_admitted:
        yield "          checked again at each start"
        return
    left = session.checked_at + CHECK_AFTER - now
    if left > 0:
        yield f"          checked again in {ago(int(left))}; without Discord valid a day longer"
    else:
        yield f"          Discord is unreachable: valid for {ago(int(left + GRACE))} more"
