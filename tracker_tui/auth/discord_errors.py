"""Errors of signing in: on this machine, in the guild, and at Discord."""

from __future__ import annotations

from tracker_tui.errors import NotPermitted, TrackerError


class NotSignedIn(NotPermitted):
    """There is no usable session on this machine."""


class OtherGuild(NotSignedIn):
    """The session on this machine belongs to another guild, application or Discord address."""


class NoGuild(NotPermitted):
    """The database asks for a sign-in, but no guild is configured."""


class AccessDenied(NotPermitted):
    """The signed-in user is not in the guild, has no role with access, or is out of date."""


class DiscordError(TrackerError):
    """Discord did not do what was asked."""


class DiscordUnreachable(DiscordError):
    """No usable answer from Discord; the same request may succeed later."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """`retry_after` is the pause in seconds that Discord asks for."""
        super().__init__(message)
        self.retry_after = retry_after


class DiscordRejected(DiscordError):
    """Discord rejected the request; repeating it does not help.

    A setting is wrong, or the application is not a public client.
    """


class TokenInvalid(DiscordError):
    """Discord does not accept an access or refresh token: revoked, replaced or expired."""


class CodeExpired(DiscordError):
    """The sign-in code expired before it was entered."""


class SignInRejected(DiscordError):
    """The user declined in the browser."""


class SignInCancelled(DiscordError):
    """The user left the sign-in on this machine."""


class Pending(Exception):
    """The code was not entered yet. `slow_down`: Discord was asked too often."""

    def __init__(self, *, slow_down: bool = False) -> None:
        super().__init__()
        self.slow_down = slow_down
