"""Signing out of a guild: revokes the session at Discord and removes a member's files here.

Pending changes would be lost, so `sign_out` refuses until they are sent, unless `discard` is set.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tracker_tui.auth.discord_errors import DiscordError, NotSignedIn
from tracker_tui.auth.guild_membership import GuildMembership
from tracker_tui.config.settings import Config
from tracker_tui.domain.messages import changes_pending
from tracker_tui.errors import LocalFileError, TrackerError
from tracker_tui.guild.membership_factory import folder_of
from tracker_tui.sync.local_store import damaged_outboxes, pending_count


class ChangesPending(TrackerError):
    """Signing out would lose pending changes."""


@dataclass(frozen=True, kw_only=True)
class SignedOut:
    """The result of signing out."""

    name: str
    revoke_error: TrackerError | None
    """Why Discord could not revoke the session; None if it did."""


def pending_changes(config: Config, membership: GuildMembership) -> int:
    """Return how many changes of the signed-in member are pending on this machine."""
    session = membership.session
    if session is None:
        return 0
    return pending_count(folder_of(config, session.member_id))


def sign_out(config: Config, membership: GuildMembership, *, discard: bool) -> SignedOut:
    """Revoke the tokens at Discord, and remove all personal files from this machine.

    Raises NotSignedIn, LocalFileError, and ChangesPending without `discard`.
    """
    session = membership.require_session()
    folder = folder_of(config, session.member_id)
    if not discard:
        _require_nothing_pending(folder)
    revoke_error = _revoke(membership)
    membership.sign_out()
    _remove(folder)
    return SignedOut(name=session.name, revoke_error=revoke_error)


def _require_nothing_pending(folder: Path) -> None:
    pending = pending_count(folder)
    if pending:
        raise ChangesPending(
            f"{changes_pending(pending)} on this machine and would be lost. The dashboard sends "
            "them, and shows rejected ones in the Outbox (o); logout --discard drops them."
        )
    damaged = damaged_outboxes(folder)
    if damaged:
        raise ChangesPending(
            f"Changes were pending in {damaged[-1]}, which is damaged; what can be saved of "
            "them would be lost. Keep a copy if you need it; logout --discard removes it."
        )


def _revoke(membership: GuildMembership) -> TrackerError | None:
    """Revoke the session at Discord; return the error, because signing out here goes on anyway."""
    try:
        membership.revoke()
    except (DiscordError, NotSignedIn) as error:
        return error
    return None


def _remove(folder: Path) -> None:
    try:
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        message = f"{folder} could not be removed: {error.strerror}. Remove it yourself."
        raise LocalFileError(message) from error
