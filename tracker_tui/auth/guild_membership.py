"""The membership of a guild: who is signed in, and whether Discord's last answer admits them.

A start reads the session of this machine and needs no network. `AccessPolicy` decides what the
stored answer allows. A stale answer is renewed in a background thread (`check_in_background`), an
expired one in `enter`, before anything is shown. Several running programs share the session: each
notices when another one has written the file, and only one asks Discord.

For example, an officer takes a member's role away on Discord. The next check finds out, `on_change`
tells the screens, `on_access_lost` removes the cached rows, and `require` names the roles that may.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tracker_tui.auth.access_policy import AccessPolicy, Freshness, freshness
from tracker_tui.auth.discord_errors import (
    AccessDenied,
    DiscordError,
    DiscordUnreachable,
    NotSignedIn,
    OtherGuild,
)
from tracker_tui.auth.guild_config import Guild
from tracker_tui.auth.member_check import MemberCheck
from tracker_tui.auth.membership import ENTERING
from tracker_tui.auth.session import Binding, Session, SessionStore, Tokens
from tracker_tui.domain.members import SignInRecord
from tracker_tui.domain.roles import Member, Right, only_who_may
from tracker_tui.errors import LocalFileError, NotPermitted, TrackerError, explained
from tracker_tui.local.sqlite_file import seconds_left
from tracker_tui.net.call_with_timeout import call_with_timeout

_FIRST_PAUSE: Final = 60.0
_LONGEST_PAUSE: Final = 900.0
"""Seconds between two background checks while Discord cannot be reached."""
_REFRESH_SECONDS: Final = 10.0
_LOCK_SECONDS: Final = 45.0
"""Longer than the check of another program takes in the worst case."""
_SAVE_CLOCK_AFTER: Final = 600.0
_SIGN_IN: Final = "Sign in with tracker-tui login."


class GuildMembership:
    """The `Membership` of a guild; safe to use from any thread."""

    def __init__(
        self,
        guild: Guild,
        session_store: SessionStore,
        *,
        on_access_lost: Callable[[str], object] = lambda _: None,
        clock: Callable[[], float] = time.time,
        until: float | None = None,
    ) -> None:
        """Load the session of this machine.

        `on_access_lost` gets the id of a member who may no longer see the rows cached on this
        machine. `clock` returns Unix seconds. `until` (by `time.monotonic`) is the deadline for
        waiting for Discord.
        """
        self.guild = guild
        self.session_store = session_store
        self._on_access_lost = on_access_lost
        self._clock = clock
        self._until = until
        self._policy = AccessPolicy(guild, clock)
        self._member_check = MemberCheck(guild, session_store, clock)
        self._session: Session | None = None
        self.signed_out_because: NotSignedIn | None = None
        """Why a session that was there cannot be used; None if it can, or if there was none."""
        self._is_foreign = False
        """Whether the stored session belongs to another guild or another member."""
        self._file_version: object = None
        self._on_change: Callable[[], None] = lambda: None
        self._entered_as: str | None = None
        self._failure: DiscordError | None = None
        self._pause = _FIRST_PAUSE
        self._quiet_until = 0.0
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()
        self._load()

    @property
    def session(self) -> Session | None:
        """The session, whether admitted or not."""
        return self._session

    @property
    def member(self) -> Member:
        """The signed-in member; raises NotSignedIn."""
        session = self.require_session()
        return Member(session.member_id, session.name, self._policy.rights(session))

    @property
    def is_admitted(self) -> bool:
        """Whether anything may be shown or sent."""
        return self._session is not None and self._policy.denial(self._session) is None

    @property
    def unchecked_for(self) -> float | None:
        """Age of Discord's answer in seconds while Discord cannot be reached; otherwise None."""
        session = self._session
        if session is None or self._failure is None:
            return None
        is_stale = self._policy.freshness(session) is Freshness.STALE
        return max(0.0, self._policy.age(session)) if is_stale else None

    def require(self, right: Right = Right.ACCESS_RESOURCES, what: str = ENTERING) -> None:
        """Raise NotPermitted, which names the roles that may, if the member lacks a right."""
        session = self.require_session()
        denied = self._policy.denial(session)
        if denied is not None:
            raise denied
        if right not in self._policy.rights(session):
            raise NotPermitted(only_who_may(right, what, self.guild.roles))

    def require_session(self) -> Session:
        """Return the session, whether admitted or not; raises NotSignedIn."""
        session = self._session
        if session is None:
            raise self.signed_out_because or NotSignedIn(f"You are not signed in. {_SIGN_IN}")
        return session

    def listen(self, on_change: Callable[[], None]) -> None:
        """Call `on_change`, in any thread, when rights or admission change."""
        self._on_change = on_change

    # Checks at Discord

    def enter(self) -> None:
        """Make sure that the member is admitted; asks Discord if necessary. See `Membership`."""
        self._save_clock()
        session = self.require_session()
        if self._policy.denial(session) is not None:
            try:
                self._check_before_deadline()
            except DiscordError as error:
                denied = self._policy.denial(session)
                raise AccessDenied(f"{denied} {error}") from error
            self.require()
        self._entered_as = self.require_session().member_id

    def _check_before_deadline(self) -> None:
        if self._until is None:
            self.check()
            return
        try:
            call_with_timeout(self.check, seconds_left(self._until, _LOCK_SECONDS))
        except TimeoutError as error:
            raise DiscordUnreachable("Discord does not answer in time. Try again later.") from error

    def check(self) -> None:
        """Ask Discord now, unless another program just did.

        Raises NotSignedIn, DiscordError, LocalFileError; then the previous answer stays.
        """
        with self.session_store.locked(_LOCK_SECONDS):
            self._load()
            session = self.require_session()
            is_fresh = self._policy.freshness(session) is Freshness.FRESH
            if not is_fresh or self._policy.denial_by_discord(session) is not None:
                self._ask_discord(session)
        self._pause = _FIRST_PAUSE

    def _ask_discord(self, session: Session) -> None:
        try:
            found, tokens = self._member_check.check(self.session_store.tokens(), session)
        except NotSignedIn as error:
            self.session_store.delete()
            self._set_session(None, error)
            raise
        now = self._clock()
        # An answer of Discord also settles what a wrong clock has shown before (`seen_at`).
        checked = session._replace(
            **found._asdict(), checked_at=now, is_recorded=False, seen_at=now
        )
        self.session_store.save(checked, tokens)
        self._set_session(checked)

    def check_in_background(self) -> None:
        """Ask Discord in the background if its answer is stale; cheap, so call it often."""
        if self.session_store.file_version() != self._file_version:
            self._load()
        self._save_clock()
        session = self._session
        if session is None or time.monotonic() < self._quiet_until:
            return
        if self._policy.freshness(session) is Freshness.FRESH:
            return
        if self._until is not None and self._member_check.is_refresh_due(session.tokens_until):
            # If the deadline ended the program, new tokens would be lost, and the old ones are
            # invalid by then.
            return
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                # A daemon: leaving the program does not wait for Discord.
                self._thread = threading.Thread(target=self._run_check, name="discord", daemon=True)
                self._thread.start()

    def _run_check(self) -> None:
        try:
            explained(self.check)
        except TrackerError as error:
            if isinstance(error, DiscordError):
                self._failure = error
            pause = getattr(error, "retry_after", None) or 0.0
            self._quiet_until = time.monotonic() + max(pause, self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
            self._on_change()

    def close(self, seconds: float) -> None:
        """Wait up to `seconds` for a running check, longer while tokens are being replaced."""
        thread = self._thread
        if thread is None:
            return
        thread.join(seconds)
        if self._member_check.is_refreshing:
            # The old tokens are invalid by now: wait until the new ones are saved.
            thread.join(seconds_left(self._until, _REFRESH_SECONDS))

    # Signing in and out

    def sign_in(self, tokens: Tokens, new_id: Callable[[], str]) -> Session:
        """Store a session for the owner of new tokens; return it, whether admitted or not.

        Raises NotSignedIn if the tokens are invalid, DiscordError, LocalFileError.
        """
        found, now = self._member_check.check_new(tokens), self._clock()
        session = Session(
            binding=Binding.of(self.guild),
            **found._asdict(),
            checked_at=now,
            row_id=new_id(),
            seen_at=now,
        )
        with self.session_store.locked(_LOCK_SECONDS):
            self.session_store.save(session, tokens)
            self._set_session(session)
        return session

    def revoke(self) -> None:
        """Sign this application out at Discord, everywhere; raises DiscordError, NotSignedIn."""
        with self.session_store.locked(_LOCK_SECONDS):
            self._load()
            self.require_session()
            self._member_check.revoke(self.session_store.tokens())

    def sign_out(self) -> None:
        """Remove the session from this machine, unless it is foreign; raises LocalFileError."""
        with self.session_store.locked(_LOCK_SECONDS):
            self._load()
            if not self._is_foreign:
                self.session_store.delete()
            self._set_session(None)

    # The record in the shared database

    def pending_record(self) -> SignInRecord | None:
        """Return what the database does not know of the sign-in; None if it is up to date."""
        session = self._session
        if session is None or session.is_recorded or not self.is_admitted:
            return None
        return SignInRecord(
            session_id=session.row_id,
            discord_id=session.member_id,
            username=session.username,
            avatar=session.avatar,
            nickname=session.name,
            role_ids=session.role_ids,
            is_new=session.is_new,
        )

    def mark_recorded(self, record: SignInRecord) -> None:
        """Note that the database has this record, or rejected it for good."""
        # If another program holds the lock, the record is sent once more, which is harmless.
        with suppress(DiscordUnreachable), self.session_store.locked(0.0):
            self._load()
            if self._session is not None and self.pending_record() == record:
                session = self._session._replace(is_recorded=True, is_new=False)
                self.session_store.save(session)
                self._set_session(session)

    # The session

    def _load(self) -> None:
        """Read the session from the file, which another program may have written."""
        # The version from before reading: a later write is noticed.
        version, because = self.session_store.file_version(), None
        try:
            session = self.session_store.load()
        except NotSignedIn as error:
            session, because = None, error
        stored = session
        if session is not None and session.binding != Binding.of(self.guild):
            session = None
            because = OtherGuild(f"The sign-in on this machine is for another guild. {_SIGN_IN}")
        if session is not None and self._entered_as not in (None, session.member_id):
            # The rows and pending changes of this program belong to the previous member.
            session, because = None, NotSignedIn("Another member has signed in on this machine.")
        self._is_foreign = stored is not None and session is None
        if session != self._session:
            self._set_session(session, because)
        self._file_version, self.signed_out_because = version, because

    def _save_clock(self) -> None:
        """Save the latest time of the clock, every few minutes and when the answer expires."""
        session, now = self._session, self._clock()
        if session is None:
            return
        before = max(session.checked_at, session.seen_at)
        is_expired, was_expired = (
            freshness(session.checked_at, at) is Freshness.EXPIRED for at in (now, before)
        )
        if now <= before or (now - before < _SAVE_CLOCK_AFTER and is_expired is was_expired):
            return
        # If the file is locked or cannot be written, the next call tries again.
        with suppress(DiscordUnreachable, LocalFileError), self.session_store.locked(0.0):
            self._load()
            if self._session is not None and self._session.seen_at < now:
                seen = self._session._replace(seen_at=now)
                self.session_store.save(seen)
                self._set_session(seen)

    def _set_session(self, session: Session | None, because: NotSignedIn | None = None) -> None:
        with self._lock:
            before, self._session, self.signed_out_because = self._session, session, because
            self._file_version = self.session_store.file_version()
        if before is None and session is None:
            return
        has_recovered = False
        if session is not None and self._policy.freshness(session) is Freshness.FRESH:
            has_recovered, self._failure = self._failure is not None, None
        if has_recovered or self._access_of(before) != self._access_of(session):
            self._on_change()
        known = session or before
        if known and (session is None or self._policy.denial_by_discord(session) is not None):
            self._on_access_lost(known.member_id)

    def _access_of(self, session: Session | None) -> tuple[object, ...]:
        """Return the part of a session whose changes listeners hear of."""
        if session is None:
            return ()
        policy = self._policy
        return session.member_id, policy.rights(session), policy.denial(session) is None
