"""Files and folders that only the user can read, whatever the umask is.

Every file that this program writes is created here. A symbolic link that another user planted is
rejected, never followed. On Windows the permissions of the user's profile keep others out.
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
"""Bytes; a larger file isn't one of ours."""
READ: Final = 0o044
WRITE: Final = 0o022
"""Permissions of users other than the owner."""
_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700
_FOR_OTHERS: Final = 0o077
_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT: Final = getattr(os, "O_NONBLOCK", 0)


def make_private_folder(folder: Path) -> None:
    """Create a folder and its missing parents; raises OSError.

    Raises PermissionError if a part of the path is another user's link.
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
    """Create an empty file for SQLite, or make an existing one private; raises OSError.

    It never opens an existing file: closing it would drop SQLite's locks in this process.
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
    """Open a file that only the user can read, as the `opener` of `open`; raises OSError."""
    return os.open(path, flags | _NO_FOLLOW, _MODE)


def append_private(path: Path, content: bytes) -> None:
    """Append to a file, or create it; raises LocalFileError."""
    try:
        make_private_folder(path.parent)
        # Opening a pipe would block until it has a reader.
        number = open_new(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _NO_WAIT)
        with os.fdopen(number, "ab") as file:
            _require_regular(number)
            file.write(content)
    except OSError as error:
        raise _unwritten(path, error) from error


def write_private(path: Path, content: bytes, *, is_durable: bool = True) -> None:
    """Write a whole file or nothing; raises LocalFileError.

    It replaces a link with that name. A durable file is on disk when this returns.
    """
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        make_private_folder(path.parent)
        # Private from its first moment: a chmod afterwards would come too late.
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
    """Return the content of a file, None if there is no file; raises LocalFileError."""
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
        raise LocalFileError(f"{path} is too large to be a file of tracker-tui. Remove it.")
    return content


def remove_private(path: Path) -> None:
    """Remove a file, if it exists; raises LocalFileError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        message = f"{path} could not be removed: {error.strerror}. Remove it yourself."
        raise LocalFileError(message) from error


def is_of_another_user(path: Path) -> bool:
    """Whether a file, or a link with its name, belongs to neither the user nor the system."""
    owners = {path.lstat().st_uid, path.stat().st_uid}
    return _user() is not None and not owners <= {_user(), 0}


def is_open_to_others(path: Path, permissions: int) -> bool:
    """Whether other users have one of the permissions, READ or WRITE."""
    return _user() is not None and bool(path.stat().st_mode & permissions)


def _reject_planted(path: Path) -> None:
    """Raise PermissionError for another user's link; the user's own may lead to dotfiles."""
    if _user() is None or not path.is_symlink():
        return
    if path.lstat().st_uid not in (_user(), 0):
        reason = "a symbolic link of another user leads there"
        raise PermissionError(errno.EPERM, reason, str(path))


def _require_regular(number: int) -> None:
    if not stat.S_ISREG(os.fstat(number).st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")


def _user() -> int | None:
    """Return the user's id; None on Windows."""
    return os.geteuid() if hasattr(os, "geteuid") else None


def _unwritten(path: Path, error: OSError) -> LocalFileError:
    message = f"{path} could not be written: {error.strerror}. Check its folder, and the disk."
    return LocalFileError(message)
