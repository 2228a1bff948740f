"""The connection to the ledger: opened on first use, and how it is doing.

The ledger's thread opens and uses it. All other threads only read its state: whether it is in
trouble and since when, when the next retry is due, how long the current request has taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from tracker_tui.auth.membership import Membership
from tracker_tui.config.settings import Config, Remote
from tracker_tui.errors import DatabaseUnreachable, TrackerError
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.sync.local_store import Store
from tracker_tui.sync.refresh_and_retry_timing import Backoff

_LONGEST_PAUSE: Final = 30.0


class LedgerConnection:
    """Opens the ledger for a member of the guild, and keeps track of failures."""

    def __init__(
        self,
        config: Config,
        opener: Callable[[Config], Ledger],
        store: Store,
        membership: Membership,
    ) -> None:
        self.is_remote = isinstance(config.database, Remote)
        self.ledger: Ledger | None = None
        """None until it is opened."""
        self.trouble: TrackerError | None = None
        """Why the ledger does not answer; None while it does."""
        self.trouble_since: float | None = None
        """Since when, in Unix seconds."""
        self.backoff = Backoff(_LONGEST_PAUSE if self.is_remote else 0.0)
        self._config = config
        self._opener = opener
        self._store = store
        self._membership = membership
        self._busy_since: float | None = None

    def open(self) -> Ledger:
        """Return the ledger, opened if need be; raises NotPermitted without access."""
        self._membership.require()
        if self.ledger is None:
            self.ledger = self._opener(self._config)
        return self.ledger

    def open_to_read(self) -> Ledger:
        """Return the ledger; a newly opened one starts from the cached layout."""
        is_new = self.ledger is None
        ledger = self.open()
        if is_new and self.is_remote:
            ledger.presume(self._store.load_layout(), self._store.save_layout)
        return ledger

    @property
    def can_write(self) -> bool:
        """Whether the ledger accepts our changes, as far as is known."""
        return self.ledger is None or self.ledger.can_write is not False

    @property
    def busy_seconds(self) -> float:
        """For how long the current piece of work has been running; 0.0 when idle."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Measure the time of a piece of work."""
        self._busy_since = time.monotonic()
        try:
            yield
        finally:
            self._busy_since = None

    def mark_failed(self, error: TrackerError) -> None:
        """Note a failure, and pause before the next automatic retry."""
        if self.trouble is None:
            self.trouble_since = time.time()
        self.trouble = error
        retry_after = error.retry_after if isinstance(error, DatabaseUnreachable) else None
        self.backoff.failed(retry_after or 0.0)

    def mark_healthy(self) -> None:
        self.trouble = self.trouble_since = None
        self.backoff.succeeded()

    def interrupt(self) -> None:
        """Abort the current request; safe to call from another thread, and when not open."""
        if self.ledger is not None:
            self.ledger.interrupt()

    def close(self) -> None:
        if self.ledger is not None:
            self.ledger.close()
