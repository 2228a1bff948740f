"""What somebody may do, by what Discord said of them and how long ago that was."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from tracker_tui.auth.errors import AccessDenied
from tracker_tui.auth.freshness import Freshness, freshness
from tracker_tui.auth.guild import Guild
from tracker_tui.auth.membership import ENTERING
from tracker_tui.auth.session import Session
from tracker_tui.domain.messages import ago
from tracker_tui.domain.roles import Right, only_who_may, rights_of


class AccessPolicy:
    """Goes by the roles of one guild (data contract, "Who may do what")."""

    def __init__(self, guild: Guild, clock: Callable[[], float]) -> None:
        """`clock` is this machine's, in Unix seconds."""
        self._guild = guild
        self._clock = clock
        # Asked for each name on the screen, of the same few roles.
        self._rights_of = lru_cache(maxsize=8)(lambda held: rights_of(held, guild.roles))

    def rights(self, session: Session) -> frozenset[Right]:
        """Return what the roles allow."""
        if not session.is_in_guild:
            return frozenset()
        return self._rights_of(session.role_ids)

    def freshness(self, session: Session) -> Freshness:
        """Return whether what Discord said still holds."""
        return freshness(session.checked_at, self._clock(), session.seen_at)

    def age(self, session: Session) -> float:
        """Return how long ago Discord said it, in seconds."""
        return max(self._clock(), session.seen_at) - session.checked_at

    def why_refused(self, session: Session) -> AccessDenied | None:
        """Return why Discord's word keeps somebody out; None where it does not."""
        if not session.is_in_guild:
            return AccessDenied(
                f"{session.name} is not in this guild on Discord, so nothing is shown. Join it "
                "there, or log out and sign in as somebody else."
            )
        if Right.ACCESS_RESOURCES not in self.rights(session):
            told = only_who_may(Right.ACCESS_RESOURCES, ENTERING, self._guild.roles)
            return AccessDenied(f"{session.name} has no role that may enter. {told}")
        return None

    def why_barred(self, session: Session) -> AccessDenied | None:
        """Return why nothing is shown: Discord's word, or that it is too old."""
        refused = self.why_refused(session)
        if refused is None and self.freshness(session) is Freshness.OVER:
            age = ago(int(abs(self.age(session))))
            return AccessDenied(
                f"Your roles were last read from Discord {age} ago. Nothing is shown or sent until "
                "Discord can be asked again."
            )
        return refused
