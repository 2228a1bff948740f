"""What can go wrong between this program, Discord and the session."""

from __future__ import annotations

from tracker_tui.errors import NotPermitted, TrackerError


class NotSignedIn(NotPermitted):
    """Nobody is signed in on this machine, or not any more."""


class OtherGuild(NotSignedIn):
    """Whoever is signed in on this machine is so for another guild, application or Discord."""


class NoGuild(NotPermitted):
    """Members of a guild are to sign in, and no guild is configured."""


class AccessDenied(NotPermitted):
    """Who is signed in is not in the guild, or has no role that may enter."""


class DiscordError(TrackerError):
    """Discord did not do what it was asked for."""


class DiscordUnreachable(DiscordError):
    """Discord gave no usable answer for now; the same may succeed later."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """`retry_after` is for how many seconds Discord wants to be left alone."""
        super().__init__(message)
        self.retry_after = retry_after


class DiscordRejected(DiscordError):
    """Discord refused for good: a setting is wrong, or the application is not a public client."""


class TokenInvalid(DiscordError):
    """An access token or a refresh token is not accepted: revoked, replaced or too old."""


class CodeExpired(DiscordError):
    """The sign-in code ran out before anybody entered it."""


class SignInRejected(DiscordError):
    """The person in front of the browser said no."""


class SignInCancelled(DiscordError):
    """Nobody waits for the sign-in any more."""
