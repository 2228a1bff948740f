"""View settings that are remembered from one run to the next, as JSON in the state folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from tracker_tui.config import Config
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.status import Status
from tracker_tui.errors import LocalFileError
from tracker_tui.local.private_file import read_private, write_private
from tracker_tui.ui.view import SORT_KEYS, View

_LARGEST_FILE = 100_000


class Remembered(NamedTuple):
    """What is kept: the view, the theme that was chosen, and whether others' doings are told."""

    view: View
    theme: str | None = None
    tells_of_others: bool = False
    is_hint_dismissed: bool = False


def memory_of(config: Config) -> Path:
    """Return where it is kept: each profile has its own."""
    name = "view.json" if config.profile is None else f"view-{config.profile}.json"
    return config.folders.state / name


def recall(path: Path) -> Remembered:
    """Return what was remembered; whatever of it makes no sense is left at its default."""
    try:
        text = (read_private(path) or b"{}").decode("utf-8")
        document = json.loads(text) if len(text) < _LARGEST_FILE else {}
    except (LocalFileError, ValueError, RecursionError):
        document = {}
    if not isinstance(document, dict):
        document = {}
    theme = document.get("theme")
    return Remembered(
        _view(document),
        theme if isinstance(theme, str) else None,
        document.get("tells_of_others") is True,
        document.get("is_hint_dismissed") is True,
    )


def remember(path: Path, kept: Remembered) -> None:
    """Write what is to be remembered, whole or not at all; raises LocalFileError."""
    view = kept.view
    document = {
        "location": view.location.value,
        "sort": view.sort,
        "is_reversed": view.is_reversed,
        "categories": sorted(view.categories),
        "statuses": sorted(view.statuses),
        "priority_only": view.priority_only,
        "stale_only": view.stale_only,
        "has_sparklines": view.has_sparklines,
        "theme": kept.theme,
        "tells_of_others": kept.tells_of_others,
        "is_hint_dismissed": kept.is_hint_dismissed,
    }
    write_private(path, json.dumps(document, indent=2).encode(), is_durable=False)


def _view(document: dict[str, Any]) -> View:
    default = View()
    sort = document.get("sort")
    return View(
        location=_one_of(Location, document.get("location"), default.location),
        sort=sort if isinstance(sort, str) and sort in SORT_KEYS else default.sort,
        is_reversed=document.get("is_reversed") is True,
        categories=frozenset(_texts(document.get("categories"))),
        statuses=frozenset(s for s in Status if s.value in _texts(document.get("statuses"))),
        priority_only=document.get("priority_only") is True,
        stale_only=document.get("stale_only") is True,
        has_sparklines=document.get("has_sparklines") is True,
    )


def _one_of(kind: type[Location], value: object, default: Location) -> Location:
    return next((member for member in kind if member.value == value), default)


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
