"""Who somebody is and what they are in the guild, with tokens that are prolonged in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from tracker_tui.auth.errors import DiscordError, NotSignedIn, TokenInvalid
from tracker_tui.auth.freshness import HOUR
from tracker_tui.auth.guild import Guild
from tracker_tui.auth.session import Session, Tokens
from tracker_tui.auth.session_store import SessionStore

if TYPE_CHECKING:
    from tracker_tui.auth.discord import Discord

_PROLONG_BEFORE: Final = 24 * HOUR
_SIGNED_OUT: Final = (
    "Discord does not accept the sign-in of this machine any more: it was revoked, or is too old. "
    "Sign in again with tracker-tui login."
)


class CheckedMember(NamedTuple):
    """What Discord said."""

    member_id: str
    username: str
    name: str
    """Server nickname, else global display name, else user name (data contract, "Signing in")."""
    avatar: str | None
    role_ids: tuple[str, ...]
    is_in_guild: bool
    tokens_until: float


class MemberCheck:
    """Asks Discord; nobody else of this machine does meanwhile, where that matters."""

    def __init__(
        self, guild: Guild, session_store: SessionStore, clock: Callable[[], float]
    ) -> None:
        self._guild = guild
        self._session_store = session_store
        self._clock = clock
        self.is_rotating = False
        """Whether tokens are being replaced: what is void by now may not be on disk yet."""

    def found_out(self, tokens: Tokens, session: Session | None) -> tuple[CheckedMember, Tokens]:
        """Return what Discord says of whose tokens these are, and the tokens that hold now.

        The tokens of a `session` are prolonged where they run out soon or are refused; then the
        session is kept with the new ones at once. Raises NotSignedIn where they cannot be,
        DiscordUnreachable, DiscordRejected.
        """
        discord = self._discord()
        if session is None:
            return self._found(discord, tokens), tokens
        kept, trouble = tokens, None
        if self.is_prolonging_due(tokens.expires_at):
            try:
                tokens = self._prolonged(discord, tokens, session)
            except DiscordError as error:
                if tokens.expires_at <= self._clock():
                    raise
                trouble = error  # they still hold, by our clock
        try:
            found = self._found(discord, tokens)
        except NotSignedIn:
            if trouble is not None:
                raise trouble from None
            if tokens != kept:
                raise
            tokens = self._prolonged(discord, tokens, session)
            found = self._found(discord, tokens)
        if found.member_id != session.member_id:
            raise NotSignedIn(_SIGNED_OUT)
        return found, tokens

    def is_prolonging_due(self, tokens_until: float) -> bool:
        """Whether tokens that run out then are to be replaced when Discord is asked."""
        return tokens_until - self._clock() < _PROLONG_BEFORE

    def revoke(self, tokens: Tokens) -> None:
        """Make tokens void; raises DiscordError, but not where they are void already."""
        discord = self._discord()
        discord.revoke(tokens.refresh or tokens.access)

    def _discord(self) -> Discord:
        # Costs as much as all else that a start imports: only where Discord is asked.
        from tracker_tui.auth.discord import Discord

        return Discord(self._guild)

    def _found(self, discord: Discord, tokens: Tokens) -> CheckedMember:
        """Return what Discord says; raises NotSignedIn where it refuses the token."""
        try:
            person = discord.me(tokens.access)
            member = discord.member(tokens.access)
        except TokenInvalid as error:
            raise NotSignedIn(_SIGNED_OUT) from error
        nick = member.nick if member is not None else None
        return CheckedMember(
            person.id,
            person.username,
            nick or person.global_name or person.username,
            person.avatar,
            () if member is None else member.role_ids,
            member is not None,
            tokens.expires_at,
        )

    def _prolonged(self, discord: Discord, tokens: Tokens, session: Session) -> Tokens:
        if tokens.refresh is None:
            raise NotSignedIn(_SIGNED_OUT)
        self.is_rotating = True
        try:
            fresh = discord.refresh(tokens.refresh)
            if fresh.refresh is None:
                fresh = fresh._replace(refresh=tokens.refresh)
            # At once: the old ones are void, whatever the next request brings.
            self._session_store.save(session._replace(tokens_until=fresh.expires_at), fresh)
        except TokenInvalid as error:
            raise NotSignedIn(_SIGNED_OUT) from error
        finally:
            self.is_rotating = False
        return fresh
