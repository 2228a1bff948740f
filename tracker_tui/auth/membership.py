"""Who uses the program, and what they may do, as the tracker asks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tracker_tui.domain.roles import ALL_RIGHTS, Member, Right
from tracker_tui.domain.sign_in import SignInRecord

ENTERING = "see this guild's resources"


class Membership(Protocol):
    """Asked from any thread, and never waits but in `enter` and `close`."""

    @property
    def member(self) -> Member:
        """Who it is; raises NotSignedIn where nobody is known."""

    @property
    def is_admitted(self) -> bool:
        """Whether anything may be shown or sent."""

    @property
    def unchecked_for(self) -> float | None:
        """How old in seconds what Discord said is, where it could not be asked; else None."""

    def enter(self) -> None:
        """Make sure that anything may be shown, if need be by asking Discord, which takes a while.

        Raises NotSignedIn, AccessDenied, DiscordError, LocalFileError.
        """

    def require(self, right: Right = Right.ACCESS_RESOURCES, what: str = ENTERING) -> None:
        """Raise NotPermitted, which names who may, unless the member may do something."""

    def look(self) -> None:
        """Ask Discord in the background, if that is due; asked often, it never piles up."""

    def listen(self, tell_changed: Callable[[], None]) -> None:
        """Call `tell_changed`, in some thread, whenever rights or admission changed."""

    def unrecorded(self) -> SignInRecord | None:
        """Return what the database is to be told; None where it knows."""

    def recorded(self, record: SignInRecord) -> None:
        """Take that the database was told, or refuses to be."""

    def close(self, seconds: float) -> None:
        """Let go, after what is being asked was answered, or `seconds`."""


class Owner:
    """Whoever uses a database of their own: no guild, all rights."""

    unchecked_for = None
    is_admitted = True

    def __init__(self, name: str) -> None:
        self.member = Member(name, name, ALL_RIGHTS)

    def enter(self) -> None:
        """Do nothing: see `Membership`."""

    def require(self, right: Right = Right.ACCESS_RESOURCES, what: str = ENTERING) -> None:
        """Allow it."""

    def look(self) -> None:
        """Ask nobody."""

    def listen(self, tell_changed: Callable[[], None]) -> None:
        """Tell nothing: nothing changes."""

    def unrecorded(self) -> SignInRecord | None:
        """Return None: there is no guild to tell."""
        return None

    def recorded(self, record: SignInRecord) -> None:
        """Do nothing."""

    def close(self, seconds: float) -> None:
        """Do nothing."""
