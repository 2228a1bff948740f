"""The names of all settings, and what is told of one that is none: which is likely meant."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tracker_tui.domain.text import one_line

DATABASE: Final = ("TURSO_DATABASE_URL", "TURSO_AUTH_TOKEN")
DISCORD_APPLICATION: Final = ("DISCORD_CLIENT_ID", "DISCORD_CLIENT_SECRET")
OTHERS: Final = (
    "TRACKER_AUTH",
    "TRACKER_INSECURE",
    "DISCORD_GUILD_ID",
    "DISCORD_ROLES_CONFIG",
    "DISCORD_API_URL",
)
_SETTINGS: Final = (
    *DATABASE,
    *DISCORD_APPLICATION,
    *OTHERS,
    "DISCORD_WEBHOOK_URL",
)
_ENVIRONMENT_ONLY: Final = (
    *("TRACKER_HOME", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "HTTPS_PROXY", "HTTP_PROXY"),
    *("ALL_PROXY", "NO_PROXY", "NO_COLOR", "TEXTUAL_THEME"),
)
_TABLES: Final = ("keys", "profiles")
_PREFIXES: Final = ("TURSO_", "DISCORD_", "TRACKER_")
_LONGEST_NAME: Final = 40
_HARDLY_BY_CHANCE: Final = 0.85
"""How much alike names are that other programs, Turso's own say, do not have."""
_NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{_LONGEST_NAME}}}")


def misspelt_in(environ: Mapping[str, str]) -> list[str]:
    """Return what the environment sets that looks like a setting of ours, and is none.

    Other programs have names like ours: only what is nearly one that is not set is told.
    """
    told = []
    for name in sorted(environ):
        if name.startswith(_PREFIXES) and name not in (*_SETTINGS, *_ENVIRONMENT_ONLY):
            meant = _nearest(name, _SETTINGS, _HARDLY_BY_CHANCE)
            if meant and not environ.get(meant):
                told.append(f"{one_line(name, 60)} is set, and nothing reads it. Is it {meant}?")
    return told


def warnings_of(path: Path, document: Mapping[str, Any], profile: str | None) -> list[str]:
    """Return what is wrong with the names in config.toml; no value is quoted."""
    tables = {name for name, value in document.items() if isinstance(value, dict)}
    names = [name for name in tables if name not in _TABLES]
    table = document if profile is None else document["profiles"][profile]
    names += [name for name in table if name not in (*_SETTINGS, *tables)]
    return [_warning(path, name, (*_SETTINGS, *_TABLES)) for name in names]


def _warning(path: Path, name: str, known: Sequence[str]) -> str:
    # What no setting is called may be a secret in the wrong place.
    shown = name if _NAME.fullmatch(name) else "something"
    if name in _ENVIRONMENT_ONLY:
        return f"{path}: {shown} is read from the environment only. Set it there."
    meant = _nearest(name, known)
    advice = f"Is it {meant}?" if meant else "Remove it."
    return f"{path} names {shown}, which nothing reads. {advice}"


def _nearest(name: str, known: Sequence[str], alike: float = 0.7) -> str:
    """Return which of the known names is meant, if one is at least so much alike."""
    from difflib import get_close_matches  # seldom needed, and `edit` hurries

    # A long one is none of ours, and comparing takes its time.
    folded = {each.upper(): each for each in known}
    close = get_close_matches(name[: 2 * _LONGEST_NAME].upper(), folded, 1, alike)
    return folded[close[0]] if close else ""
