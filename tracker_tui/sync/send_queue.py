"""Which changes go into the next request, and what they say there. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Final

from tracker_tui.domain.change import Change
from tracker_tui.sync.outbox_entries import EntryState, OutboxEntry

MOST_IN_A_REQUEST: Final = 100
UNSURE_SECONDS: Final = 86_400.0
"""After this a change whose outcome stayed unknown is not sent again: an admin may have deleted
its history row, which is all that keeps it from being applied twice."""
_REMARKED_FROM_SECONDS: Final = 60.0


def sendable(entries: Iterable[OutboxEntry], now: float) -> list[OutboxEntry]:
    """Return the entries that may be sent, in order.

    While a change of a resource waits for the player, later ones of that resource wait for it:
    they were typed in the belief that it goes through. An undo minds the history of its own.
    """
    blocked: set[str] = set()
    found = []
    for entry in entries:
        resource_id = entry.change.resource_id
        if entry.needs_player or (entry.is_open and is_outdated(entry, now)):
            blocked.add(resource_id)
        elif entry.is_open and (entry.change.undoes is not None or resource_id not in blocked):
            found.append(entry)
    return found


def is_outdated(entry: OutboxEntry, now: float) -> bool:
    """Whether an outcome has been unknown for too long to send the change once more."""
    return entry.sent_at is not None and now - entry.sent_at > UNSURE_SECONDS


def as_sent(entries: Sequence[OutboxEntry], now: float) -> list[Change]:
    """Return the changes as they go into one request, each behind its predecessor.

    A change requires that the one before it of the same resource is in the history.
    """
    predecessors: dict[str, str] = {}
    changes = []
    for entry in entries:
        change = entry.change._replace(remark=_remark(entry, now))
        if change.undoes is None:
            change = change._replace(requires=predecessors.get(change.resource_id))
            predecessors[change.resource_id] = change.id
        changes.append(change)
    return changes


def has_unsent(entries: Iterable[OutboxEntry], now: float) -> bool:
    """Whether anything waits for nothing but the ledger."""
    return bool(sendable(entries, now))


def is_unsure(entries: Iterable[OutboxEntry]) -> bool:
    """Whether something may be in the ledger already: an answer got lost."""
    return any(entry.state is EntryState.SENDING for entry in entries)


def _remark(entry: OutboxEntry, now: float) -> str | None:
    """Say when a change was made and sent, in the player's time, if that was not at once."""
    if now - entry.made_at < _REMARKED_FROM_SECONDS:
        return None
    made, sent = time.localtime(entry.made_at), time.localtime(now)
    clock = "%H:%M" if made[:3] == sent[:3] else "%Y-%m-%d %H:%M"
    return f"made {time.strftime(clock, made)}, sent {time.strftime(clock, sent)}"
