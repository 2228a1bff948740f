"""Files and folders for the user alone, whatever the umask, and never behind a planted link.

Every file that this program writes is made here. On Windows the user's profile keeps others out.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from tracker_tui.errors import LocalFileError

LARGEST: Final = 1_000_000
"""Bytes; what is larger is no file of ours."""
READ: Final = 0o044
WRITE: Final = 0o022
"""Permissions of users other than the owner."""
_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700
_FOR_OTHERS: Final = 0o077
_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT: Final = getattr(os, "O_NONBLOCK", 0)


def make_private_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing; raises OSError.

    Raises PermissionError if a link of another user leads there.
    """
    missing = []
    for each in (folder, *folder.parents):
        if each.exists():
            break
        missing.append(each)
    for each in (*reversed(missing), folder):
        each.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    for each in (folder, *folder.parents):
        _reject_planted(each)


def create_private(path: Path) -> None:
    """Make an empty file for SQLite to open, or close an existing one to others; raises OSError.

    Never opens an existing file: closing it would drop the locks that SQLite holds in this process.
    """
    make_private_folder(path.parent)
    with suppress(FileExistsError):
        os.close(open_new(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        return
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise OSError(errno.ELOOP, "it is a symbolic link", str(path))
    if _user() == found.st_uid and found.st_mode & _FOR_OTHERS and stat.S_ISREG(found.st_mode):
        path.chmod(_MODE)


def open_new(path: str | Path, flags: int) -> int:
    """Open a file for the user alone, as the `opener` of `open`; raises OSError."""
    return os.open(path, flags | _NO_FOLLOW, _MODE)


def append_private(path: Path, content: bytes) -> None:
    """Write at the end of a file, or make it; raises LocalFileError."""
    try:
        make_private_folder(path.parent)
        # A pipe would wait for somebody who reads it.
        number = open_new(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _NO_WAIT)
        with os.fdopen(number, "ab") as file:
            _reject_no_file(number)
            file.write(content)
    except OSError as error:
        raise _unwritten(path, error) from error


def write_private(path: Path, content: bytes, *, is_durable: bool = True) -> None:
    """Write a file whole or not at all; raises LocalFileError.

    A link in its place is replaced. A durable file is on disk when this returns.
    """
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        make_private_folder(path.parent)
        # Never to be read by others, not even for the moment before a chmod.
        number = open_new(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
                file.flush()
                if is_durable:
                    os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            with suppress(OSError):
                draft.unlink()
            raise
    except OSError as error:
        raise _unwritten(path, error) from error


def read_private(path: Path) -> bytes | None:
    """Return what a file holds; None where there is none. Raises LocalFileError."""
    try:
        _reject_planted(path)
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


def is_of_another_user(path: Path) -> bool:
    """Whether a file, or the link in its place, belongs to neither the user nor the system."""
    owners = {path.lstat().st_uid, path.stat().st_uid}
    return _user() is not None and not owners <= {_user(), 0}


def is_open_to_others(path: Path, permissions: int) -> bool:
    """Whether users other than the owner have one of the permissions, READ or WRITE."""
    return _user() is not None and bool(path.stat().st_mode & permissions)


def _reject_planted(path: Path) -> None:
    """Raise PermissionError for a link that another user made; one's own may lead to dotfiles."""
    if _user() is None or not path.is_symlink():
        return
    if path.lstat().st_uid not in (_user(), 0):
        told = "a symbolic link of another user leads there"
        raise PermissionError(errno.EPERM, told, str(path))


def _reject_no_file(number: int) -> None:
    if not stat.S_ISREG(os.fstat(number).st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")


def _user() -> int | None:
    """Return the number of the user; None on Windows."""
    return os.geteuid() if hasattr(os, "geteuid") else None


def _unwritten(path: Path, error: OSError) -> LocalFileError:
    message = f"{path} could not be written: {error.strerror}. Check its folder, and the disk."
    return LocalFileError(message)
