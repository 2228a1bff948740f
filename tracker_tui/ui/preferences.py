"""Preferences: settings that last from one run to the next, as JSON in the state folder.

Neither filters nor the current location are among them: a change must not land somewhere because
of a setting that is out of sight.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracker_tui.config.settings import Config
from tracker_tui.errors import LocalFileError
from tracker_tui.local.private_file import read_private, write_private
from tracker_tui.ui.resources.resource_list import SORT_KEYS, View

_LARGEST_FILE = 100_000


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """The contents of the preferences file; `view` keeps only sort order and trend column."""

    view: View
    theme: str | None = None
    reports_others: bool = False
    """Whether notifications report other people's changes."""
    is_hint_dismissed: bool = False


def preferences_path(config: Config) -> Path:
    """Return the preferences file; each profile has one."""
    name = "view.json" if config.profile is None else f"view-{config.profile}.json"
    return config.folders.state / name


def load_preferences(path: Path | None) -> Preferences:
    """Read the preferences; a missing or unusable value is the default."""
    if path is None:
        return Preferences(view=View())
    try:
        text = (read_private(path) or b"{}").decode("utf-8")
        document = json.loads(text) if len(text) < _LARGEST_FILE else {}
    except (LocalFileError, ValueError, RecursionError):
        document = {}
    if not isinstance(document, dict):
        document = {}
    theme = document.get("theme")
    return Preferences(
        view=_view(document),
        theme=theme if isinstance(theme, str) else None,
        reports_others=document.get("tells_of_others") is True,
        is_hint_dismissed=document.get("is_hint_dismissed") is True,
    )


def save_preferences(path: Path, preferences: Preferences) -> None:
    """Replace the preferences file; raises LocalFileError."""
    view = preferences.view
    document = {
        "sort": view.sort,
        "is_reversed": view.is_reversed,
        "has_sparklines": view.has_sparklines,
        "theme": preferences.theme,
        "tells_of_others": preferences.reports_others,
        "is_hint_dismissed": preferences.is_hint_dismissed,
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
