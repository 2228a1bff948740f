"""Signing in, from the code to the session: Discord's device flow (RFC 8628).

    sign_in = SignIn(membership)
    code = sign_in.begin()                  # show code.user_code and code.link
    session = sign_in.finish(code, wait)    # polls until the user has entered the code

All of it blocks, so the UI calls it in a worker thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from tracker_tui.auth.discord import DeviceCode, Discord
from tracker_tui.auth.discord_errors import (
    CodeExpired,
    DiscordUnreachable,
    Pending,
    SignInCancelled,
)
from tracker_tui.auth.guild_membership import GuildMembership
from tracker_tui.auth.session import Session, Tokens
from tracker_tui.ledger.ledger import random_id

_SLOW_DOWN: Final = 5.0
"""Seconds that `slow_down` adds to the polling interval (RFC 8628, 3.5)."""
_MAX_BACKOFF: Final = 60.0
_TRIES: Final = 4
_PAUSE: Final = 2.0
_MAX_PAUSE: Final = 120.0
"""If Discord asks for a longer pause after the code was entered, the sign-in fails and says so."""


class SignIn:
    """One sign-in of a member of a guild."""

    def __init__(self, membership: GuildMembership) -> None:
        self._membership = membership
        self._discord = Discord(membership.guild)

    def begin(self) -> DeviceCode:
        """Request a code to enter in a browser; raises DiscordRejected, DiscordUnreachable."""
        return self._discord.request_code()

    def finish(self, code: DeviceCode, wait: Callable[[float], bool]) -> Session:
        """Wait until the code was entered; return the stored session, whether admitted or not.

        `wait` sleeps for some seconds and returns True to cancel; then SignInCancelled is raised.
        Also raises CodeExpired, SignInRejected, DiscordError, LocalFileError, and NotSignedIn if
        the new tokens are already invalid.
        """
        tokens = wait_for_tokens(self._discord, code, wait)
        for tries_left in reversed(range(_TRIES)):
            try:
                return self._membership.sign_in(tokens, random_id)
            except DiscordUnreachable as error:
                # Try again: a brief outage must not cost the user a second code.
                pause = error.retry_after or _PAUSE
                if not tries_left or pause > _MAX_PAUSE:
                    raise
                if wait(pause):
                    raise SignInCancelled("The sign-in was cancelled.") from error
        raise AssertionError("unreachable")


def wait_for_tokens(
    discord: Discord,
    code: DeviceCode,
    wait: Callable[[float], bool],
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Tokens:
    """Poll at the interval that Discord names until the code was entered.

    See `SignIn.finish` for `wait`. While Discord does not answer, the pause doubles up to a minute;
    its first answer restores the interval. Raises CodeExpired, SignInRejected,
    DiscordRejected, SignInCancelled.
    """
    interval = backoff = pause = code.interval
    while True:
        left = code.expires_at - clock()
        if left > 0 and wait(min(pause, left)):
            raise SignInCancelled("The sign-in was cancelled.")
        if pause > left:
            # The code expires before Discord may be asked again.
            raise CodeExpired("The code expired. Ask for a new one.")
        try:
            return discord.poll(code)
        except Pending as pending:
            interval += _SLOW_DOWN if pending.slow_down else 0.0
            pause = backoff = interval
        except DiscordUnreachable as error:
            if error.retry_after is not None:
                pause = max(interval, error.retry_after)
            else:
                pause = backoff = max(interval, min(backoff * 2, _MAX_BACKOFF))
