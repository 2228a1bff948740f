"""Signing out of a guild: at Discord, and from this machine."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from tracker_tui.auth.auth_errors import DiscordError, NotSignedIn
from tracker_tui.auth.guild_membership import GuildMembership
from tracker_tui.config.settings import Config
from tracker_tui.domain.messages import changes_pending
from tracker_tui.errors import LocalFileError, TrackerError
from tracker_tui.guild.membership_factory import folder_of
from tracker_tui.sync.store import damaged_outboxes, pending_count


class ChangesWait(TrackerError):
    """Signing out would lose changes that nobody has sent."""


class SignedOut(NamedTuple):
    """What signing out did."""

    name: str
    trouble: TrackerError | None
    """Why Discord could not be told; None if it was."""


def changes_waiting(config: Config, membership: GuildMembership) -> int:
    """Return how many changes of whoever is signed in wait on this machine."""
    session = membership.session
    if session is None:
        return 0
    return pending_count(folder_of(config, session.member_id))


def sign_out(config: Config, membership: GuildMembership, *, discard: bool) -> SignedOut:
    """Revoke the tokens at Discord, and remove everything personal from this machine.

    Raises NotSignedIn; ChangesWait unless they are to be discarded; LocalFileError.
    """
    session = membership.require_session()
    folder = folder_of(config, session.member_id)
    if not discard:
        _require_nothing_waits(folder)
    trouble = _revoked(membership)
    membership.sign_out()
    _remove(folder)
    return SignedOut(session.name, trouble)


def _require_nothing_waits(folder: Path) -> None:
    waiting = pending_count(folder)
    if waiting:
        raise ChangesWait(
            f"{changes_pending(waiting)} on this machine and would be lost. The dashboard sends "
            "them, and shows rejected ones in the Outbox (o); logout --discard drops them."
        )
    unreadable = damaged_outboxes(folder)
    if unreadable:
        raise ChangesWait(
            f"Changes were pending in {unreadable[-1]}, which is damaged; what can be saved of "
            "them would be lost. Keep a copy if you need it; logout --discard removes it."
        )


def _revoked(membership: GuildMembership) -> TrackerError | None:
    """Revoke; returns why that could not be done, which keeps nobody signed in here."""
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
