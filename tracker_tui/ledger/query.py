"""What can be asked of the ledger: one request, and an answer that can be kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from peewee import BaseQuery

from tracker_tui.db.database import Result

T_co = TypeVar("T_co", covariant=True)


class Query(Protocol[T_co]):
    """One question about the history or the leaderboard."""

    @property
    def key(self) -> str:
        """What its answer is kept under: the same for the same question, and no other.

        Pages of one list share one, whatever their place and size: see `domain.page_run`.
        """

    @staticmethod
    def answer_type() -> type[T_co]:
        """Return what an answer is: NamedTuples and lists of plain values, so that it is kept."""

    def queries(self, now: Any) -> Sequence[BaseQuery]:
        """Return queries that only read; `now` is the time by the database's clock."""

    def answer(self, results: Sequence[Result]) -> T_co:
        """Build the answer from what the queries gave, in their order."""
