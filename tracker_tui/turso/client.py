"""What every way to a server offers: whole transactions, many in one request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from tracker_tui.turso.errors import Error, OutcomeUnknown
from tracker_tui.turso.results import StatementResult
from tracker_tui.turso.statements import Statement

DEADLINE: Final = 15.0
"""Seconds that one request may take as a whole, unless the caller says otherwise."""

Batch = Sequence[Statement]
BatchResult = list[StatementResult] | Error
"""A result for each statement of a batch, or the error for which none of it was kept.

Where it was sent twice, an error tells of the second time: then its `may_have_happened` is true.
"""


@dataclass
class Traffic:
    """What has been exchanged with a server, as far as it counts it."""

    requests: int = 0
    rows_read: int = 0
    rows_written: int = 0
    commits: int | None = None
    """A number that is another one after each commit; None where the server tells none."""

    def count(self, results: Sequence[StatementResult]) -> None:
        """Add what the server says of some statements."""
        self.rows_read += sum(result.rows_read for result in results)
        self.rows_written += sum(result.rows_written for result in results)


class Client(Protocol):
    """A way to a server."""

    @property
    def traffic(self) -> Traffic:
        """What has been exchanged so far."""

    def batches(
        self, batches: Sequence[Batch], *, repeatable: bool = False, seconds: float | None = None
    ) -> list[BatchResult]:
        """Run each batch in a transaction of its own, in this order.

        `repeatable` says that running one twice does no harm: then, as for batches that only read,
        what got lost on the way is sent once more. Raises what concerns them all; `seconds` is the
        deadline.
        """

    def interrupt(self) -> None:
        """Let what waits for the server in another thread fail at once."""

    def close(self) -> None:
        """Let go of the server."""


def ask_again(lost: OutcomeUnknown, ask: Callable[[], list[BatchResult]]) -> list[BatchResult]:
    """Send changes a second time; what prevents them now says nothing of the first time."""
    try:
        results = ask()
    except Error as error:
        if error.may_have_happened:
            raise
        raise lost from error
    for result in results:
        if isinstance(result, Error):
            result.may_have_happened = True
    return results
