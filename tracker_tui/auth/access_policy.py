"""Access rights from Discord's last answer: which rights, and how long the answer holds.

Discord says whether somebody is in the guild and which roles they have; DISCORD_ROLES_CONFIG says
what each role may do. The session keeps Discord's answer and the time of the check, so the program
can decide offline and at once. The age of the answer decides what happens:

    under 4 hours    FRESH     the answer holds
    4 to 28 hours    STALE     the answer holds; Discord is asked in the background
    from 28 hours    EXPIRED   nothing is shown or sent until Discord answers

For example, Chani's roles are checked at 08:00. Her dashboard asks Discord again at 12:00. If
Discord cannot be reached, she keeps working until 12:00 the next day; then `denial` says why she is
locked out. If Discord answers that she left the guild, `denial` locks her out at once.

Ages are measured by this machine's clock. Setting it back makes no answer fresher: the session
also keeps the latest time that the clock has shown (`seen_at`).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import Final

from tracker_tui.auth.discord_errors import AccessDenied
from tracker_tui.auth.guild_config import Guild
from tracker_tui.auth.membership import ENTERING
from tracker_tui.auth.session import Session
from tracker_tui.domain.messages import ago
from tracker_tui.domain.roles import Right, only_who_may, rights_of

HOUR: Final = 3_600.0
CHECK_AFTER: Final = 4 * HOUR
"""Age in seconds from which Discord is asked again."""
GRACE: Final = 24 * HOUR
"""Seconds after CHECK_AFTER for which the answer still holds if Discord cannot be reached."""
_CLOCK_SET_BACK: Final = 24 * HOUR


class Freshness(Enum):
    """How far to trust Discord's last answer; see the module."""

    FRESH = "fresh"
    STALE = "stale"
    EXPIRED = "expired"


def freshness(checked_at: float, now: float, seen_at: float = 0.0) -> Freshness:
    """Return the freshness of an answer; all times are Unix seconds by this machine's clock.

    `seen_at` is the latest time that the clock has shown.
    """
    age = max(now, seen_at) - checked_at
    if now - checked_at < -_CLOCK_SET_BACK or age >= CHECK_AFTER + GRACE:
        return Freshness.EXPIRED
    # Corrections of a few hours are normal: they trigger a check, but lock no member out.
    is_set_back = now < max(checked_at, seen_at)
    return Freshness.FRESH if age < CHECK_AFTER and not is_set_back else Freshness.STALE


class AccessPolicy:
    """The rules of one guild (data contract, "Who may do what")."""

    def __init__(self, guild: Guild, clock: Callable[[], float]) -> None:
        """`clock` returns Unix seconds."""
        self._guild = guild
        self._clock = clock
        # The screen asks for each name it shows, with the same few sets of roles.
        self._rights_of = lru_cache(maxsize=8)(lambda held: rights_of(held, guild.roles))

    def rights(self, session: Session) -> frozenset[Right]:
        """Return the rights that the roles give, however old Discord's answer is."""
        if not session.is_in_guild:
            return frozenset()
        return self._rights_of(session.role_ids)

    def freshness(self, session: Session) -> Freshness:
        """Return the freshness of the answer that a session holds."""
        return freshness(session.checked_at, self._clock(), session.seen_at)

    def age(self, session: Session) -> float:
        """Return the age of Discord's answer in seconds."""
        return max(self._clock(), session.seen_at) - session.checked_at

    def denial_by_discord(self, session: Session) -> AccessDenied | None:
        """Return why Discord's answer denies access; None if it does not, whatever its age."""
        if not session.is_in_guild:
            return AccessDenied(
                f"{session.name} is not in this guild on Discord, so nothing is shown. Join it "
                "there, or log out and sign in as somebody else."
            )
        if Right.ACCESS_RESOURCES not in self.rights(session):
            allowed = only_who_may(Right.ACCESS_RESOURCES, ENTERING, self._guild.roles)
            return AccessDenied(f"{session.name} has no role that may enter. {allowed}")
        return None

    def denial(self, session: Session) -> AccessDenied | None:
        """Return why access is denied: by Discord's answer, or because it has expired."""
        denied = self.denial_by_discord(session)
        if denied is None and self.freshness(session) is Freshness.EXPIRED:
            age = ago(int(abs(self.age(session))))
            return AccessDenied(
                f"Your roles were last read from Discord {age} ago. Nothing is shown or sent until "
                "Discord can be asked again."
            )
        return denied
