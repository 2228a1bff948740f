"""Where the session is kept on this machine: a file of the user's own, tokens in the keyring.

Who somebody is and their roles are in the file, so that a start reads nothing else. The tokens are
in the system's keyring where a working one answers in time, else in the same file.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

from tracker_tui.auth.errors import DiscordUnreachable, NotSignedIn
from tracker_tui.auth.session import Session, Tokens, document_of, is_token, session_from
from tracker_tui.config.settings import Config, Secret
from tracker_tui.errors import LocalFileDamaged
from tracker_tui.local.file_lock import FileLock
from tracker_tui.local.private_file import read_private, remove_private, write_private

_IN_KEYRING: Final = "keyring"
_TOKENS: Final = "tokens"
_STEP: Final = 0.05


class SessionStore:
    """The session of one profile; several running programs share it."""

    def __init__(self, config: Config) -> None:
        name = "session" if config.profile is None else f"profile-{config.profile}"
        self.path = config.folders.data / "sessions" / f"{name}.json"
        # Several homes on one machine have one keyring.
        self._key = hashlib.sha256(str(self.path).encode("utf-8", "replace")).hexdigest()[:20]

    def load(self) -> Session | None:
        """Return who is signed in; None if nobody is. Raises NotSignedIn, LocalFileError."""
        found = self._read()
        return None if found is None else found[0]

    def state(self) -> object:
        """Return what is another thing whenever somebody has written the file."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def tokens(self) -> Tokens:
        """Return the tokens of who is signed in.

        Raises NotSignedIn where they are gone, DiscordUnreachable where the keyring is silent.
        """
        found = self._read()
        if found is None:
            raise NotSignedIn("Nobody is signed in. Sign in with tracker-tui login.")
        session, document = found
        kept = document.get(_TOKENS)
        if kept == _IN_KEYRING:
            kept = self._from_keyring()
        try:
            access, refresh = kept["access"], kept["refresh"]  # type: ignore[index]
        except (LookupError, TypeError):
            access = refresh = None
        if not is_token(access) or not (refresh is None or is_token(refresh)):
            told = "The tokens of this sign-in are gone from this machine. Sign in again."
            raise NotSignedIn(told)
        return Tokens(Secret(access), Secret(refresh) if refresh else None, session.tokens_until)

    def save(self, session: Session, tokens: Tokens | None = None) -> None:
        """Keep a session, with new tokens or with those that are there; raises LocalFileError."""
        document = document_of(session)
        if tokens is None:
            found = self._read()
            document[_TOKENS] = None if found is None else found[1].get(_TOKENS)
        else:
            document[_TOKENS] = self._kept(tokens)
        write_private(self.path, json.dumps(document, indent=1).encode())

    def forget(self) -> None:
        """Keep nothing of the session any more; raises LocalFileError."""
        from tracker_tui.auth import keyring_store

        remove_private(self.path)
        # Also where the file held the tokens: the keyring may hold those of before.
        with suppress(keyring_store.KeyringSilent):
            keyring_store.forget(self._key)

    @contextmanager
    def locked(self, seconds: float) -> Iterator[None]:
        """Keep other programs of this machine from changing the session, as long as a block runs.

        Raises DiscordUnreachable if another one does for longer than `seconds`.
        """
        turn = FileLock(self.path.with_suffix(".lock"))
        until = time.monotonic() + seconds
        try:
            while True:
                with turn.try_acquire() as is_ours:
                    if is_ours:
                        yield
                        return
                if time.monotonic() >= until:
                    raise DiscordUnreachable("Another tracker-tui is asking Discord. Try again.")
                time.sleep(_STEP)
        finally:
            turn.close()

    def _read(self) -> tuple[Session, Mapping[str, Any]] | None:
        content = read_private(self.path)
        if content is None:
            return None
        try:
            return session_from(content)
        except LocalFileDamaged as error:
            raise NotSignedIn(f"{error} Sign in again: tracker-tui login.") from error

    def _kept(self, tokens: Tokens) -> object:
        from tracker_tui.auth import keyring_store

        refresh = None if tokens.refresh is None else tokens.refresh.reveal()
        pair = {"access": tokens.access.reveal(), "refresh": refresh}
        try:
            keyring_store.put(self._key, Secret(json.dumps(pair)))
        except keyring_store.KeyringSilent:
            return pair
        return _IN_KEYRING

    def _from_keyring(self) -> object:
        from tracker_tui.auth import keyring_store

        try:
            secret = keyring_store.get(self._key)
        except keyring_store.KeyringSilent:
            told = "The system's keyring does not answer. Unlock it, or log out and sign in again."
            raise DiscordUnreachable(told) from None
        try:
            return None if secret is None else json.loads(secret.reveal())
        except (ValueError, RecursionError):
            return None
