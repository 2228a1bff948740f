"""Checking a member at Discord, with tokens that are refreshed before they expire.

A refresh makes the old tokens invalid at once, so the new ones are saved before the next request.
An access token with more than a day left is used as it is, and refreshed once if Discord rejects
it. For example, with tokens that are six and a half days old a check is: refresh, save, ask for the
user, ask for the guild member.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from tracker_tui.auth.access_policy import HOUR
from tracker_tui.auth.discord_errors import DiscordError, NotSignedIn, TokenInvalid
from tracker_tui.auth.guild_config import Guild
from tracker_tui.auth.session import Session, SessionStore, Tokens

if TYPE_CHECKING:
    from tracker_tui.auth.discord import Discord

_REFRESH_BEFORE: Final = 24 * HOUR
_SIGNED_OUT: Final = (
    "Discord does not accept the sign-in of this machine any more: it was revoked, or is too old. "
    "Sign in again with tracker-tui login."
)


class CheckedMember(NamedTuple):
    """Discord's answer about a member; the fields are those of `Session`."""

    member_id: str
    username: str
    name: str
    avatar: str | None
    role_ids: tuple[str, ...]
    is_in_guild: bool
    tokens_until: float


class MemberCheck:
    """Asks Discord about one member; the caller holds `SessionStore.locked`."""

    def __init__(
        self, guild: Guild, session_store: SessionStore, clock: Callable[[], float]
    ) -> None:
        self._guild = guild
        self._session_store = session_store
        self._clock = clock
        self.is_refreshing = False
        """Whether the tokens on disk may be invalid already, and the new ones are not saved yet."""

    def check_new(self, tokens: Tokens) -> CheckedMember:
        """Return Discord's answer about the owner of new tokens.

        Raises NotSignedIn, DiscordUnreachable, DiscordRejected.
        """
        return self._ask(self._discord(), tokens)

    def check(self, tokens: Tokens, session: Session) -> tuple[CheckedMember, Tokens]:
        """Return Discord's answer about a signed-in member, and the tokens that are valid now.

        Raises NotSignedIn if the tokens are invalid, DiscordUnreachable, DiscordRejected.
        """
        discord = self._discord()
        stored, failure = tokens, None
        if self.is_refresh_due(tokens.expires_at):
            try:
                tokens = self._refresh(discord, tokens, session)
            except DiscordError as error:
                if tokens.expires_at <= self._clock():
                    raise
                failure = error  # by our clock the old ones are still valid
        try:
            found = self._ask(discord, tokens)
        except NotSignedIn:
            if failure is not None:
                raise failure from None
            if tokens != stored:
                raise
            tokens = self._refresh(discord, tokens, session)
            found = self._ask(discord, tokens)
        if found.member_id != session.member_id:
            raise NotSignedIn(_SIGNED_OUT)
        return found, tokens

    def is_refresh_due(self, tokens_until: float) -> bool:
        """Whether the next check refreshes tokens that expire at this time (Unix seconds)."""
        return tokens_until - self._clock() < _REFRESH_BEFORE

    def revoke(self, tokens: Tokens) -> None:
        """Revoke tokens, also if they are invalid already; raises DiscordError."""
        self._discord().revoke(tokens.refresh or tokens.access)

    def _discord(self) -> Discord:
        # Takes as long to import as the rest of a start, so only if Discord is asked.
        from tracker_tui.auth.discord import Discord

        return Discord(self._guild)

    def _ask(self, discord: Discord, tokens: Tokens) -> CheckedMember:
        try:
            person = discord.me(tokens.access)
            member = discord.member(tokens.access)
        except TokenInvalid as error:
            raise NotSignedIn(_SIGNED_OUT) from error
        nick = member.nick if member is not None else None
        return CheckedMember(
            member_id=person.id,
            username=person.username,
            # Data contract, "Signing in".
            name=nick or person.global_name or person.username,
            avatar=person.avatar,
            role_ids=() if member is None else member.role_ids,
            is_in_guild=member is not None,
            tokens_until=tokens.expires_at,
        )

    def _refresh(self, discord: Discord, tokens: Tokens, session: Session) -> Tokens:
        if tokens.refresh is None:
            raise NotSignedIn(_SIGNED_OUT)
        self.is_refreshing = True
        try:
            fresh = discord.refresh(tokens.refresh)
            if fresh.refresh is None:
                fresh = fresh._replace(refresh=tokens.refresh)
            # At once: the old tokens are invalid, even if the next request fails.
            self._session_store.save(session._replace(tokens_until=fresh.expires_at), fresh)
        except TokenInvalid as error:
            raise NotSignedIn(_SIGNED_OUT) from error
        finally:
            self.is_refreshing = False
        return fresh
