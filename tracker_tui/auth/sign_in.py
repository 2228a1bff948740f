"""Signing in, from the code to the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tracker_tui.auth.device_flow import wait_for_tokens
from tracker_tui.auth.discord import DeviceCode, Discord
from tracker_tui.auth.errors import DiscordUnreachable, SignInCancelled
from tracker_tui.auth.guild_membership import GuildMembership
from tracker_tui.auth.session import Session
from tracker_tui.ledger.ledger import random_id

_TRIES: Final = 4
_PAUSE: Final = 2.0
_LONGEST_PAUSE: Final = 120.0
"""For longer than this nobody waits who has just entered a code: they are told why."""


class SignIn:
    """One sign-in; its methods take a while, and none of them belongs on the UI's thread."""

    def __init__(self, membership: GuildMembership) -> None:
        self._membership = membership
        self._discord = Discord(membership.guild)

    def begin(self) -> DeviceCode:
        """Return a code to enter in a browser; raises DiscordRejected, DiscordUnreachable."""
        return self._discord.begin()

    def finish(self, code: DeviceCode, wait: Callable[[float], bool]) -> Session:
        """Wait until the code was entered, and return the session, admitted or not.

        `wait` lets so many seconds go by, and returns whether nobody waits any more: then
        SignInCancelled is raised. Raises CodeExpired, SignInRejected, DiscordError, LocalFileError;
        NotSignedIn where the tokens are void at once.
        """
        tokens = wait_for_tokens(self._discord, code, wait)
        for tries_left in reversed(range(_TRIES)):
            try:
                return self._membership.sign_in(tokens, random_id)
            except DiscordUnreachable as error:
                # Whoever has just entered a code is not to do it again for a moment's trouble.
                pause = error.retry_after or _PAUSE
                if not tries_left or pause > _LONGEST_PAUSE:
                    raise
                if wait(pause):
                    raise SignInCancelled("Signing in was left.") from error
        raise AssertionError("unreachable")
