"""The JSON documents that scripts rely on (README, "JSON")."""

from __future__ import annotations

from typing import Any

from tracker_tui.cli.output import say
from tracker_tui.domain.change import Moved, Outcome
from tracker_tui.domain.history import HistoryEntry
from tracker_tui.domain.leaderboard import Ranking
from tracker_tui.domain.points import effective_multiplier
from tracker_tui.domain.resource import Resource


def resource_document(resource: Resource, updated_by: str) -> dict[str, Any]:
    """Return a resource; times in Unix seconds, `updated_by` as it is called today."""
    return {
        "id": resource.id,
        "name": resource.name,
        "category": resource.shown_category,
        "hagga": resource.hagga,
        "deep_desert": resource.deep_desert,
        "total": resource.total,
        "target": resource.target,
        "status": resource.status.value,
        "priority": bool(resource.priority),
        "multiplier": effective_multiplier(resource.multiplier),
        "updated_at": resource.updated_at,
        "updated_by": updated_by,
    }


def edit_document(outcome: Outcome, message: str, updated_by: str) -> dict[str, Any]:
    """Return what came of an edit."""
    moved: Moved | None = outcome.moved
    resource = outcome.resource
    return {
        "change_id": outcome.change.id,
        "outcome": outcome.verdict.value,
        "message": message,
        "points": moved.points.final if moved else 0.0,
        "resource": resource_document(resource, updated_by) if resource else None,
        "previous": (
            {"hagga": moved.hagga_before, "deep_desert": moved.deep_desert_before}
            if moved
            else None
        ),
    }


def history_document(entry: HistoryEntry, resource: str, by: str) -> dict[str, Any]:
    """Return an entry of the history; `resource` and `by` as they are called today."""
    return {
        "id": entry.id,
        "resource_id": entry.resource_id,
        "resource": resource,
        "change_type": entry.change_type,
        "hagga": {
            "previous": entry.hagga_before,
            "new": entry.hagga,
            "change": entry.hagga_change,
        },
        "deep_desert": {
            "previous": entry.deep_desert_before,
            "new": entry.deep_desert,
            "change": entry.deep_desert_change,
        },
        "by": by,
        "reason": entry.reason,
        "at": entry.at,
    }


def ranking_document(ranking: Ranking) -> dict[str, Any]:
    """Return a place on the leaderboard; `share` of all points, from 0.0 to 1.0."""
    return {
        "rank": ranking.rank,
        "user_id": ranking.user_id,
        "name": ranking.name,
        "points": ranking.points,
        "actions": ranking.actions,
        "share": round(ranking.share, 4),
        "rank_change": ranking.climbed,
    }


def print_document(document: Any) -> None:
    """Print one JSON document: ASCII only, so that no terminal can be played with."""
    import json

    say(json.dumps(document, indent=2, allow_nan=False))
