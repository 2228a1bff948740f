"""Copies of what the ledger holds: they may get lost, so what befalls them stops nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from tracker_tui.errors import LocalFileDamaged, LocalFileError
from tracker_tui.local.sqlite_file import set_aside

T = TypeVar("T")


class Closable(Protocol):
    """A file that is open."""

    def close(self) -> None:
        """Let go of the file."""


F = TypeVar("F", bound=Closable)


class DisposableFile(Generic[F]):
    """One such file: opened when it is needed, and made anew where it is damaged."""

    def __init__(
        self, path: Path, opener: Callable[[Path], F], what: str, tell: Callable[[str], None]
    ) -> None:
        """Keep a copy of `what` at `path`; `tell` hears a sentence where it was damaged."""
        self._path = path
        self._opener = opener
        self._what = what
        self._tell = tell
        self._file: F | None = None
        self._is_disabled = False
        self._lock = threading.RLock()

    def use(self, work: Callable[[F], T], otherwise: T) -> T:
        """Do something with the file; returns `otherwise` where it does not serve.

        Where it is damaged it is done with a new one.
        """
        with self._lock:
            if self._is_disabled:
                return otherwise
            try:
                try:
                    return work(self._opened())
                except LocalFileDamaged:
                    self._set_aside()
                    return work(self._opened())
            except LocalFileError as error:
                self._tell(str(error))
        return otherwise

    def _set_aside(self) -> None:
        self.close()
        aside = set_aside(self._path)
        self._tell(f"This machine's copy of {self._what} was damaged: it is made anew ({aside}).")

    def _opened(self) -> F:
        if self._file is None:
            self._file = self._opener(self._path)
        return self._file

    def disable(self) -> None:
        """Let go of the file, and never open it again."""
        with self._lock:
            self._is_disabled = True
            self.close()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
