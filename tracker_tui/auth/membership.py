"""The membership that the tracker asks: who uses the program, and what they may do.

`Owner` serves a database of your own; `auth.guild_membership.GuildMembership` serves a guild.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from tracker_tui.domain.roles import ALL_RIGHTS, Member, Right

if TYPE_CHECKING:
    from tracker_tui.domain.members import SignInRecord

ENTERING = "see this guild's resources"


class Membership(Protocol):
    """Safe to call from any thread. Only `enter` and `close` may block."""

    @property
    def member(self) -> Member:
        """The signed-in member; raises NotSignedIn."""

    @property
    def is_admitted(self) -> bool:
        """Whether anything may be shown or sent."""

    @property
    def unchecked_for(self) -> float | None:
        """Age of Discord's answer in seconds while Discord cannot be reached; otherwise None."""

    def enter(self) -> None:
        """Make sure that the member is admitted; asks Discord if necessary.

        Raises NotSignedIn, AccessDenied, DiscordError, LocalFileError.
        """

    def require(self, right: Right = Right.ACCESS_RESOURCES, what: str = ENTERING) -> None:
        """Raise NotPermitted, which names the roles that may, if the member lacks a right."""

    def check_in_background(self) -> None:
        """Ask Discord in the background if its answer is stale; cheap, so call it often."""

    def listen(self, on_change: Callable[[], None]) -> None:
        """Call `on_change`, in any thread, when rights or admission change."""

    def pending_record(self) -> SignInRecord | None:
        """Return what the database does not know of the sign-in; None if it is up to date."""

    def mark_recorded(self, record: SignInRecord) -> None:
        """Note that the database has this record, or rejected it for good."""

    def close(self, seconds: float) -> None:
        """Wait up to `seconds` for a running check."""


class Owner:
    """The user of a database of their own: no guild, all rights."""

    unchecked_for = None
    is_admitted = True

    def __init__(self, name: str) -> None:
        self.member = Member(name, name, ALL_RIGHTS)

    def enter(self) -> None:
        """Do nothing: the owner is always admitted."""

    def require(self, right: Right = Right.ACCESS_RESOURCES, what: str = ENTERING) -> None:
        """Do nothing: the owner has all rights."""

    def check_in_background(self) -> None:
        """Do nothing: there is no guild to ask."""

    def listen(self, on_change: Callable[[], None]) -> None:
        """Do nothing: nothing ever changes."""

    def pending_record(self) -> SignInRecord | None:
        """Return None: there is no guild whose members are recorded."""
        return None

    def mark_recorded(self, record: SignInRecord) -> None:
        """Do nothing: there is no record."""

    def close(self, seconds: float) -> None:
        """Do nothing: no check is running."""
