"""What is remembered of remote databases from one command to the next, in the state folder.

Their columns, and what the guild calls its locations: with that an `edit` is one request. It may be
deleted at any time, and is checked by the database whenever it is used.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from tracker_tui.db.layout import Layout
from tracker_tui.domain.quantities import Location
from tracker_tui.ledger.ledger import Acquaintance

_LONGEST_FILE = 1_000_000
_MOST = 2**63 - 1
"""The greatest number that a database can be asked about."""


class Acquaintances(Protocol):
    """Remembers one database."""

    def recall(self) -> Acquaintance | None:
        """Return what is known of it; None if nothing is."""

    def remember(self, known: Acquaintance) -> None:
        """Keep what was learnt."""


class NoAcquaintances:
    """Remembers nothing: a file is looked at quicker than what is remembered of it."""

    def recall(self) -> None:
        """Return None."""

    def remember(self, known: Acquaintance) -> None:
        """Do nothing."""


class AcquaintanceFile:
    """Remembers one database in one file; without one, or with a broken one, nothing is known."""

    def __init__(self, folder: Path, url: str) -> None:
        import hashlib

        # Not the URL itself: it may hold more than a file name can, or than others should read.
        name = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:16]
        self._path = folder / "acquaintances" / f"{name}.json"

    def recall(self) -> Acquaintance | None:
        """Return what is known of the database."""
        import json

        try:
            with self._path.open(encoding="utf-8") as file:
                return _from_document(json.loads(file.read(_LONGEST_FILE)))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def remember(self, known: Acquaintance) -> None:
        """Replace what is known; a full disk only makes the next command slower."""
        import json

        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            with suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                draft.write_text(json.dumps(_document(known)), encoding="utf-8")
                draft.replace(self._path)
        finally:
            with suppress(OSError):
                draft.unlink()


def _document(known: Acquaintance) -> dict[str, Any]:
    return {
        "columns": {table: sorted(names) for table, names in known.layout.columns.items()},
        "fingerprint": known.fingerprint,
        "places": {location.value: name for location, name in known.places.items()},
    }


def _from_document(document: Any) -> Acquaintance:
    columns = {
        str(table): frozenset(map(str, names)) for table, names in document["columns"].items()
    }
    places = {location: str(document["places"][location.value]) for location in Location}
    fingerprint = document["fingerprint"]
    if not isinstance(fingerprint, int) or not 0 <= fingerprint <= _MOST:
        raise ValueError(fingerprint)
    return Acquaintance(Layout(columns), fingerprint, places)
