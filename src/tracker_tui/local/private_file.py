"""Files that nobody but the user may read: settings and sessions."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from tracker_tui.errors import LocalFileError

LARGEST: Final = 1_000_000
"""Bytes; what is larger is no file of ours."""


def write_private(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable by the user alone; raises LocalFileError.

    Its folder is made where it is missing, for the user alone, too. On Windows the user's profile
    keeps others out.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Never to be read by others, not even for the moment before a chmod.
        number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            with suppress(OSError):
                draft.unlink()
            raise
    except OSError as error:
        message = f"{path} could not be written: {error.strerror}. Check its folder, and the disk."
        raise LocalFileError(message) from error


def read_private(path: Path) -> bytes | None:
    """Return what a file holds; None where there is none. Raises LocalFileError."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}. Check its permissions."
        raise LocalFileError(message) from error
    if len(content) > LARGEST:
        raise LocalFileError(f"{path} is far too large to be a file of tracker-tui. Remove it.")
    return content


def remove_private(path: Path) -> None:
    """Remove a file, if it is there; raises LocalFileError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        message = f"{path} could not be removed: {error.strerror}. Remove it yourself."
        raise LocalFileError(message) from error
