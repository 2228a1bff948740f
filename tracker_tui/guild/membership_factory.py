"""The membership that the configured database needs: a guild's, or the owner's.

    membership_of(config)    Owner for TRACKER_AUTH=none, else GuildMembership (Discord)

It also tells the database who signed in, and where a member's files are.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tracker_tui.auth.membership import Membership, Owner
from tracker_tui.config.settings import Auth, Config, Remote
from tracker_tui.errors import StatementRejected, TrackerError, WriteRejected
from tracker_tui.guild.database_factory import store_location
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.sync.local_store import remove_disposable_files

if TYPE_CHECKING:
    from tracker_tui.auth.guild_membership import GuildMembership


def membership_of(config: Config) -> Owner | GuildMembership:
    """Return the membership of this machine's user; raises NoGuild, ConfigError, LocalFileError."""
    if config.auth is Auth.NONE:
        return Owner(config.member)
    return guild_membership_of(config)


def guild_membership_of(config: Config) -> GuildMembership:
    """Return the configured guild's membership; raises NoGuild, ConfigError, LocalFileError."""
    # Imported here, because `edit` without a guild starts faster without them.
    from tracker_tui.auth.guild_config import guild_of
    from tracker_tui.auth.guild_membership import GuildMembership
    from tracker_tui.auth.session import SessionStore

    try:
        guild = guild_of(config)
    except TrackerError:
        if isinstance(config.database, Remote):
            # A mistake in the database URL is reported first.
            from tracker_tui.db.remote import open_remote

            open_remote(config.database)
        raise

    def remove_cached_rows(member_id: str) -> None:
        remove_disposable_files(folder_of(config, member_id))

    return GuildMembership(
        guild, SessionStore(config), on_access_lost=remove_cached_rows, until=config.until
    )


def as_member(config: Config, member_id: str) -> Config:
    """Return the settings for one member."""
    return config._replace(member=member_id)


def folder_of(config: Config, member_id: str) -> Path:
    """Return the folder of a member's outbox and replica on this machine."""
    return store_location(as_member(config, member_id)).folder


def not_recorded(error: TrackerError) -> str:
    """Return a sentence: the database has no record of the sign-in, and why."""
    return f"Your sign-in is not in the database's list of members; all else works. {error}"


def record_sign_in(membership: Membership, ledger: Ledger) -> None:
    """Write a member's sign-in and roles to the database, unless it has them; one request.

    Raises LocalFileError and LedgerError. A rejected statement raises once and isn't tried again
    until Discord reports a change; a read-only token raises nothing. Neither locks a member out.
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
