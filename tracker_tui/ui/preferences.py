"""Settings that are remembered from one run to the next, as JSON in the state folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from tracker_tui.config.settings import Config
from tracker_tui.errors import LocalFileError
from tracker_tui.local.private_file import read_private, write_private
from tracker_tui.ui.resources.resource_list import SORT_KEYS, View

_LARGEST_FILE = 100_000


class Preferences(NamedTuple):
    """What is kept: how rows are sorted, the theme, and whether others' doings are told.

    Of the view neither filters nor location: they would decide unseen where a change lands.
    """

    view: View
    theme: str | None = None
    tells_of_others: bool = False
    is_hint_dismissed: bool = False


def preferences_path(config: Config) -> Path:
    """Return where it is kept: each profile has its own."""
    name = "view.json" if config.profile is None else f"view-{config.profile}.json"
    return config.folders.state / name


def load_preferences(path: Path) -> Preferences:
    """Return what was remembered; whatever of it makes no sense is left at its default."""
    try:
        text = (read_private(path) or b"{}").decode("utf-8")
        document = json.loads(text) if len(text) < _LARGEST_FILE else {}
    except (LocalFileError, ValueError, RecursionError):
        document = {}
    if not isinstance(document, dict):
        document = {}
    theme = document.get("theme")
    return Preferences(
        _view(document),
        theme if isinstance(theme, str) else None,
        document.get("tells_of_others") is True,
        document.get("is_hint_dismissed") is True,
    )


def save_preferences(path: Path, kept: Preferences) -> None:
    """Write what is to be remembered, whole or not at all; raises LocalFileError."""
    view = kept.view
    document = {
        "sort": view.sort,
        "is_reversed": view.is_reversed,
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
        sort=sort if isinstance(sort, str) and sort in SORT_KEYS else default.sort,
        is_reversed=document.get("is_reversed") is True,
        has_sparklines=document.get("has_sparklines") is True,
    )
