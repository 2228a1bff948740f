"""The names of all settings, and warnings about names that nothing reads.

A warning proposes the known name that is most alike: `TURSO_DATABSE_URL` is probably
`TURSO_DATABASE_URL`. It never quotes a value, which may be a secret.
"""

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
_ALIKE: Final = 0.7
_ALMOST_EQUAL: Final = 0.85
"""For the environment, where other programs have similar names, such as Turso's own."""
_NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{_LONGEST_NAME}}}")


def misspelt_in(environ: Mapping[str, str]) -> list[str]:
    """Return a warning for each environment variable that is probably a misspelt setting.

    Other programs use the same prefixes, so only near misses of an unset setting count.
    """
    warnings = []
    for name in sorted(environ):
        if name.startswith(_PREFIXES) and name not in (*_SETTINGS, *_ENVIRONMENT_ONLY):
            meant = _nearest(name, _SETTINGS, _ALMOST_EQUAL)
            if meant and not environ.get(meant):
                shown = one_line(name, 60)
                warnings.append(f"{shown} is set, but nothing reads it. Is it {meant}?")
    return warnings


def warnings_of(path: Path, document: Mapping[str, Any], profile: str | None) -> list[str]:
    """Return a warning for each unknown name in config.toml."""
    tables = {name for name, value in document.items() if isinstance(value, dict)}
    names = [name for name in tables if name not in _TABLES]
    table = document if profile is None else document["profiles"][profile]
    names += [name for name in table if name not in (*_SETTINGS, *tables)]
    return [_warning(path, name, (*_SETTINGS, *_TABLES)) for name in names]


def _warning(path: Path, name: str, known: Sequence[str]) -> str:
    # An odd name may be a secret in the wrong place.
    shown = name if _NAME.fullmatch(name) else "something"
    if name in _ENVIRONMENT_ONLY:
        return f"{path}: {shown} is read from the environment only. Set it there."
    meant = _nearest(name, known, _ALIKE)
    advice = f"Is it {meant}?" if meant else "Remove it."
    return f"{path} names {shown}, which nothing reads. {advice}"


def _nearest(name: str, known: Sequence[str], alike: float) -> str:
    """Return the known name that is most alike; empty if none is alike enough (0.0 to 1.0)."""
    from difflib import get_close_matches  # rarely needed, and slow for `edit` to import

    # Cut, because comparing long names takes time.
    folded = {each.upper(): each for each in known}
    close = get_close_matches(name[: 2 * _LONGEST_NAME].upper(), folded, 1, alike)
    return folded[close[0]] if close else ""
