"""A member of a guild: admitted by what Discord said, which is asked for again every four hours."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tracker_tui.auth.access_policy import AccessPolicy
from tracker_tui.auth.errors import (
    AccessDenied,
    DiscordError,
    DiscordUnreachable,
    NotSignedIn,
    OtherGuild,
)
from tracker_tui.auth.freshness import Freshness, freshness
from tracker_tui.auth.guild import Guild
from tracker_tui.auth.member_check import MemberCheck
from tracker_tui.auth.membership import ENTERING
from tracker_tui.auth.session import Binding, Session, Tokens
from tracker_tui.auth.session_store import SessionStore
from tracker_tui.domain.roles import Member, Right, only_who_may
from tracker_tui.domain.sign_in import SignInRecord
from tracker_tui.errors import LocalFileError, NotPermitted, TrackerError, explained
from tracker_tui.local.sqlite_file import seconds_left
from tracker_tui.net.call_with_timeout import call_with_timeout

_FIRST_PAUSE: Final = 60.0
_LONGEST_PAUSE: Final = 900.0
_ROTATING_SECONDS: Final = 10.0
_LOCK_SECONDS: Final = 45.0
"""Longer than another program's check takes, whatever happens to it."""
_NOTE_TIME_AFTER: Final = 600.0
_SIGN_IN: Final = "Sign in with tracker-tui login."


class GuildMembership:
    """See `auth.membership.Membership`; safe to use from any thread."""

    def __init__(
        self,
        guild: Guild,
        session_store: SessionStore,
        *,
        on_barred: Callable[[str], object] = lambda _: None,
        clock: Callable[[], float] = time.time,
        until: float | None = None,
    ) -> None:
        """`on_barred` hears the id of whoever may not see any more what this machine keeps.

        `clock` is this machine's, in Unix seconds. Nothing waits for Discord longer than `until`, a
        time of `time.monotonic`.
        """
        self.guild = guild
        self.session_store = session_store
        self._on_barred = on_barred
        self._clock = clock
        self._until = until
        self._policy = AccessPolicy(guild, clock)
        self._checking = MemberCheck(guild, session_store, clock)
        self._session: Session | None = None
        self._gone: NotSignedIn | None = None
        self._is_anothers = False
        """Whether the session that is kept is not for who uses this program."""
        self._seen_state: object = None
        self._tell_changed: Callable[[], None] = lambda: None
        self._entered_as: str | None = None
        self._trouble: DiscordError | None = None
        self._pause = _FIRST_PAUSE
        self._quiet_until = 0.0
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()
        self._load()

    # How it stands

    @property
    def session(self) -> Session | None:
        """Who is signed in, admitted or not."""
        return self._session

    @property
    def gone(self) -> NotSignedIn | None:
        """Why nobody is signed in any more; None where somebody is, or nobody ever was."""
        return self._gone

    @property
    def member(self) -> Member:
        """Who it is; raises NotSignedIn where nobody is known."""
        session = self.known()
        return Member(session.member_id, session.name, self._policy.rights(session))

    @property
    def is_admitted(self) -> bool:
        """Whether anything may be shown or sent."""
        return self._session is not None and self._policy.why_barred(self._session) is None

    @property
    def unchecked_for(self) -> float | None:
        """How old in seconds what Discord said is, where it could not be asked; else None."""
        session = self._session
        if session is None or self._trouble is None:
            return None
        is_due = self._policy.freshness(session) is Freshness.DUE
        return max(0.0, self._policy.age(session)) if is_due else None

    def require(self, right: Right = Right.ACCESS_RESOURCES, what: str = ENTERING) -> None:
        """Raise NotPermitted, which names who may, unless the member may do something."""
        session = self.known()
        barred = self._policy.why_barred(session)
        if barred is not None:
            raise barred
        if right not in self._policy.rights(session):
            raise NotPermitted(only_who_may(right, what, self.guild.roles))

    def listen(self, tell_changed: Callable[[], None]) -> None:
        """Call `tell_changed`, in some thread, whenever rights or admission changed."""
        self._tell_changed = tell_changed

    def known(self) -> Session:
        """Return who is signed in, admitted or not; raises NotSignedIn where nobody is."""
        session = self._session
        if session is None:
            raise self._gone or NotSignedIn(f"Nobody is signed in. {_SIGN_IN}")
        return session

    # Asking Discord

    def enter(self) -> None:
        """Make sure that anything may be shown, if need be by asking Discord; see `Membership`."""
        self._remember_time()
        session = self.known()
        if self._policy.why_barred(session) is not None:
            try:
                self._check_in_time()
            except DiscordError as error:
                barred = self._policy.why_barred(session)
                raise AccessDenied(f"{barred} {error}") from error
            self.require()
        self._entered_as = self.known().member_id

    def _check_in_time(self) -> None:
        if self._until is None:
            self.check()
            return
        try:
            call_with_timeout(self.check, seconds_left(self._until, _LOCK_SECONDS))
        except TimeoutError as error:
            raise DiscordUnreachable("Discord does not answer in time. Try again later.") from error

    def check(self) -> None:
        """Ask Discord now, unless another program just did.

        Raises NotSignedIn, DiscordError, LocalFileError; what was known before stays then.
        """
        with self.session_store.locked(_LOCK_SECONDS):
            self._load()
            session = self.known()
            is_fresh = self._policy.freshness(session) is Freshness.WARM
            if not is_fresh or self._policy.why_refused(session) is not None:
                self._ask(session)
        self._pause = _FIRST_PAUSE

    def _ask(self, session: Session) -> None:
        try:
            found, tokens = self._checking.found_out(self.session_store.tokens(), session)
        except NotSignedIn as error:
            self.session_store.forget()
            self._take(None, error)
            raise
        now = self._clock()
        # Whatever the clock has shown before: an answer of Discord ends what came of that.
        checked = session._replace(
            **found._asdict(), checked_at=now, is_recorded=False, seen_at=now
        )
        self.session_store.save(checked, tokens)
        self._take(checked)

    def look(self) -> None:
        """Ask Discord in the background, if that is due; asked often, it never piles up."""
        if self.session_store.state() != self._seen_state:
            self._load()
        self._remember_time()
        session = self._session
        if session is None or time.monotonic() < self._quiet_until:
            return
        if self._policy.freshness(session) is Freshness.WARM:
            return
        if self._until is not None and self._checking.is_prolonging_due(session.tokens_until):
            # New tokens that come too late would be lost, and the old ones are void by then.
            return
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                # A daemon: a player who leaves does not wait for Discord.
                self._thread = threading.Thread(
                    target=self._check_behind, name="discord", daemon=True
                )
                self._thread.start()

    def _check_behind(self) -> None:
        try:
            explained(self.check)
        except TrackerError as error:
            if isinstance(error, DiscordError):
                self._trouble = error
            pause = getattr(error, "retry_after", None) or 0.0
            self._quiet_until = time.monotonic() + max(pause, self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
            self._tell_changed()

    def close(self, seconds: float) -> None:
        """Let go, after what is being asked was answered, or `seconds`."""
        thread = self._thread
        if thread is None:
            return
        thread.join(seconds)
        if self._checking.is_rotating:
            # The old tokens are void by now: the new ones must get to the disk.
            thread.join(seconds_left(self._until, _ROTATING_SECONDS))

    # Signing in and out

    def sign_in(self, tokens: Tokens, new_id: Callable[[], str]) -> Session:
        """Find out whose tokens these are, and keep them; returns the session, admitted or not.

        Raises DiscordError, LocalFileError; NotSignedIn where they are void already.
        """
        found, tokens = self._checking.found_out(tokens, None)
        binding, now = Binding.of(self.guild), self._clock()
        session = Session(binding, **found._asdict(), checked_at=now, row_id=new_id(), seen_at=now)
        with self.session_store.locked(_LOCK_SECONDS):
            self.session_store.save(session, tokens)
            self._take(session)
        return session

    def revoke(self) -> None:
        """Sign this application out at Discord, everywhere; raises DiscordError, NotSignedIn."""
        with self.session_store.locked(_LOCK_SECONDS):
            self._load()
            self.known()
            self._checking.revoke(self.session_store.tokens())

    def sign_out(self) -> None:
        """Keep nothing of the session on this machine any more; raises LocalFileError.

        What somebody else, or another guild, has of a session stays.
        """
        with self.session_store.locked(_LOCK_SECONDS):
            self._load()
            if not self._is_anothers:
                self.session_store.forget()
            self._take(None)

    # What the database is to be told

    def unrecorded(self) -> SignInRecord | None:
        """Return what the database is to be told; None where it knows."""
        session = self._session
        if session is None or session.is_recorded or not self.is_admitted:
            return None
        return SignInRecord(
            session.row_id,
            session.member_id,
            session.username,
            session.avatar,
            session.name,
            session.role_ids,
            session.is_new,
        )

    def recorded(self, record: SignInRecord) -> None:
        """Take that the database was told, or refuses to be."""
        # While another program asks Discord there will be more to tell: told twice does no harm.
        with suppress(DiscordUnreachable), self.session_store.locked(0.0):
            self._load()
            if self._session is not None and self.unrecorded() == record:
                session = self._session._replace(is_recorded=True, is_new=False)
                self.session_store.save(session)
                self._take(session)

    # The session

    def _load(self) -> None:
        """Take what the file says, which another program may have written."""
        state, gone = self.session_store.state(), None
        try:
            session = self.session_store.load()
        except NotSignedIn as error:
            session, gone = None, error
        kept = session
        if session is not None and session.binding != Binding.of(self.guild):
            session = None
            gone = OtherGuild(f"The sign-in on this machine is for another guild. {_SIGN_IN}")
        if session is not None and self._entered_as not in (None, session.member_id):
            # What this program shows and sends is somebody else's.
            session, gone = None, NotSignedIn("Somebody else signed in on this machine meanwhile.")
        self._is_anothers = kept is not None and session is None
        if session != self._session:
            self._take(session, gone)
        # As it was before it was read: what is written from then on is read, too.
        self._seen_state, self._gone = state, gone

    def _remember_time(self) -> None:
        """Note the latest time in the session now and then, and at once when it has run out."""
        session, now = self._session, self._clock()
        if session is None:
            return
        before = max(session.checked_at, session.seen_at)
        is_over, was_over = (
            freshness(session.checked_at, at) is Freshness.OVER for at in (now, before)
        )
        if now <= before or (now - before < _NOTE_TIME_AFTER and is_over is was_over):
            return
        # Where the file is in use or cannot be written, the next look tries again.
        with suppress(DiscordUnreachable, LocalFileError), self.session_store.locked(0.0):
            self._load()
            if self._session is not None and self._session.seen_at < now:
                seen = self._session._replace(seen_at=now)
                self.session_store.save(seen)
                self._take(seen)

    def _take(self, session: Session | None, gone: NotSignedIn | None = None) -> None:
        with self._lock:
            before, self._session, self._gone = self._session, session, gone
            self._seen_state = self.session_store.state()
        if before is None and session is None:
            return
        was_in_trouble = self._trouble is not None
        if session is not None and self._policy.freshness(session) is Freshness.WARM:
            self._trouble = None
        is_out_of_trouble = was_in_trouble and self._trouble is None
        if is_out_of_trouble or self._what_counts(before) != self._what_counts(session):
            self._tell_changed()
        if session is None or self._policy.why_refused(session) is not None:
            known = session or before
            if known is not None:
                self._on_barred(known.member_id)

    def _what_counts(self, session: Session | None) -> tuple[object, ...]:
        """Return what a listener is told of where it changes."""
        if session is None:
            return ()
        is_admitted = self._policy.why_barred(session) is None
        return session.member_id, self._policy.rights(session), is_admitted
