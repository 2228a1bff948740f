"""Waiting until somebody has entered the code: RFC 8628, section 3.5."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from tracker_tui.auth.discord import DeviceCode, Discord, Pending
from tracker_tui.auth.errors import CodeExpired, DiscordUnreachable, SignInCancelled
from tracker_tui.auth.session import Tokens

_SLOWER: Final = 5.0
_LONGEST: Final = 60.0


def wait_for_tokens(
    discord: Discord,
    code: DeviceCode,
    wait: Callable[[float], bool],
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Tokens:
    """Ask at the pace that Discord names until the code was entered; return the tokens.

    `wait` lets so many seconds go by, and returns whether nobody waits for the sign-in any more:
    then SignInCancelled is raised. Raises CodeExpired, SignInRejected, DiscordRejected. A server
    that does not answer is asked again, more and more seldom.
    """
    interval = pause = code.interval
    while True:
        left = code.expires_at - clock()
        if left > 0 and wait(min(pause, left)):
            raise SignInCancelled("Signing in was left.")
        if pause > left:
            # It runs out before Discord may be asked again.
            raise CodeExpired("The code ran out. Ask for a new one.")
        try:
            return discord.poll(code)
        except Pending as pending:
            interval += _SLOWER if pending.slow_down else 0.0
            pause = interval
        except DiscordUnreachable as error:
            if error.retry_after is not None:
                pause = max(interval, error.retry_after)
            else:
                pause = interval = min(interval * 2, max(_LONGEST, interval))
