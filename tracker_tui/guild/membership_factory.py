"""Who may come in: the membership that the configured database asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tracker_tui.auth.membership import Membership, Owner
from tracker_tui.config.settings import Auth, Config, Remote
from tracker_tui.errors import StatementRejected, TrackerError, WriteRejected
from tracker_tui.guild.database_factory import store_location
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.sync.store import remove_disposable_files

if TYPE_CHECKING:
    from tracker_tui.auth.guild_membership import GuildMembership


def membership_of(config: Config) -> Owner | GuildMembership:
    """Return who uses this machine, as far as it knows.

    Raises NoGuild, ConfigError, LocalFileError.
    """
    if config.auth is Auth.NONE:
        return Owner(config.member)
    return guild_membership_of(config)


def guild_membership_of(config: Config) -> GuildMembership:
    """Return who is signed in to the configured guild.

    Raises NoGuild, ConfigError, LocalFileError.
    """
    # Only for guilds: `edit` on a database of one's own must not pay for it.
    from tracker_tui.auth.guild_config import guild_of
    from tracker_tui.auth.guild_membership import GuildMembership
    from tracker_tui.auth.session import SessionStore

    try:
        guild = guild_of(config)
    except TrackerError:
        if isinstance(config.database, Remote):
            # What is wrong with the database itself comes first.
            from tracker_tui.db.remote import open_remote

            open_remote(config.database)
        raise

    def forget_what_was_shown(member_id: str) -> None:
        remove_disposable_files(folder_of(config, member_id))

    return GuildMembership(
        guild, SessionStore(config), on_access_lost=forget_what_was_shown, until=config.until
    )


def as_member(config: Config, member_id: str) -> Config:
    """Return the settings with which a member uses the database."""
    return config._replace(member=member_id)


def folder_of(config: Config, member_id: str) -> Path:
    """Return where this machine keeps what a member has of the database."""
    return store_location(as_member(config, member_id)).folder


def not_recorded(error: TrackerError) -> str:
    """Say that the database has no record of a sign-in, and why."""
    return f"Your sign-in is not in the database's list of members; all else works. {error}"


def record_sign_in(membership: Membership, ledger: Ledger) -> None:
    """Tell the database who signed in and what their roles are, where it does not know yet.

    One request. Raises LocalFileError, and LedgerError: StatementRejected once, until Discord has
    something new to tell. Neither that nor a token that may only read keeps anybody out.
    """
    record = membership.pending_record()
    if record is None:
        return
    try:
        if ledger.can_write is not False:
            ledger.record_sign_in(record)
    except (WriteRejected, StatementRejected) as error:
        membership.mark_recorded(record)
        if isinstance(error, StatementRejected):
            raise
    else:
        membership.mark_recorded(record)
