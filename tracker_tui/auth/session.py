"""The session of one profile: who is signed in on this machine, and where that is stored.

A JSON file below the data folder holds the member and Discord's last answer about them, so a start
reads nothing else. The tokens are in the system's keyring if it works, otherwise in the same file:

    {"version": 1, "binding": {"api_url": …, "client_id": …, "guild_id": …},
     "member_id": …, "role_ids": […], "checked_at": …, …,
     "tokens": "keyring" or {"access": …, "refresh": …}}

The field names are a stored format: earlier and later versions read them. A damaged file counts as
signed out. Several running programs share the file; whoever changes it holds `SessionStore.locked`.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, NamedTuple

from tracker_tui.auth.discord_errors import DiscordUnreachable, NotSignedIn
from tracker_tui.auth.guild_config import Guild
from tracker_tui.config.settings import Config, Secret
from tracker_tui.domain.text import one_line
from tracker_tui.errors import LocalFileDamaged
from tracker_tui.local.file_lock import FileLock
from tracker_tui.local.private_file import read_private, remove_private, write_private

_VERSION: Final = 1
_IN_KEYRING: Final = "keyring"
_TOKENS: Final = "tokens"
_LOCK_RETRY_SECONDS: Final = 0.05
_MAX_TEXT: Final = 200
_TOKEN: Final = re.compile(r"[!-~]{1,4000}")
_MALFORMED: Final = (
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError),
)


class Binding(NamedTuple):
    """The guild and application that a session was made with; its tokens are sent nowhere else."""

    api_url: str
    client_id: str
    guild_id: str

    @classmethod
    def of(cls, guild: Guild) -> Binding:
        """Return the binding of sessions of a guild."""
        return cls(api_url=guild.api_url, client_id=guild.client_id, guild_id=guild.guild_id)


class Tokens(NamedTuple):
    """The tokens that Discord gave out for one member."""

    access: Secret
    refresh: Secret | None
    expires_at: float
    """End of the access token, in Unix seconds by this machine's clock."""


class Session(NamedTuple):
    """A signed-in member and Discord's last answer about them; without the tokens.

    Times are Unix seconds by this machine's clock.
    """

    binding: Binding
    member_id: str
    """The Discord id."""
    username: str
    name: str
    """Server nickname, else global display name, else user name."""
    avatar: str | None
    """The URL of the picture."""
    role_ids: tuple[str, ...]
    is_in_guild: bool
    checked_at: float
    """Time of Discord's answer."""
    tokens_until: float
    """End of the access token."""
    row_id: str
    """Primary key of its row in `user_sessions`."""
    is_new: bool = True
    """Whether the database has not seen this sign-in yet."""
    is_recorded: bool = False
    """Whether the database has Discord's last answer."""
    seen_at: float = 0.0
    """The latest time that this machine's clock has shown since the sign-in."""


class SessionStore:
    """Reads and writes the session of one profile."""

    def __init__(self, config: Config) -> None:
        name = "session" if config.profile is None else f"profile-{config.profile}"
        self.path = config.folders.data / "sessions" / f"{name}.json"
        # Different homes on one machine share one keyring.
        self._key = hashlib.sha256(str(self.path).encode("utf-8", "replace")).hexdigest()[:20]

    def load(self) -> Session | None:
        """Return the session; None if there is none. Raises NotSignedIn, LocalFileError."""
        found = self._read()
        return None if found is None else found[0]

    def file_version(self) -> object:
        """Return a value that changes whenever a program writes the file."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def tokens(self) -> Tokens:
        """Return the tokens of the session.

        Raises NotSignedIn if they are lost, DiscordUnreachable if the keyring does not answer.
        """
        found = self._read()
        if found is None:
            raise NotSignedIn("You are not signed in. Sign in with tracker-tui login.")
        session, document = found
        stored = document.get(_TOKENS)
        if stored == _IN_KEYRING:
            stored = self._tokens_in_keyring()
        try:
            access, refresh = stored["access"], stored["refresh"]  # type: ignore[index]
        except (LookupError, TypeError):
            access = refresh = None
        if not is_token(access) or not (refresh is None or is_token(refresh)):
            raise NotSignedIn(
                "The tokens of this sign-in are gone from this machine. Sign in again."
            )
        return Tokens(
            access=Secret(access),
            refresh=Secret(refresh) if refresh else None,
            expires_at=session.tokens_until,
        )

    def save(self, session: Session, tokens: Tokens | None = None) -> None:
        """Write a session with new tokens, or with those already stored; raises LocalFileError."""
        document = document_of(session)
        if tokens is None:
            found = self._read()
            document[_TOKENS] = None if found is None else found[1].get(_TOKENS)
        else:
            document[_TOKENS] = self._store_tokens(tokens)
        write_private(self.path, json.dumps(document, indent=1).encode())

    def delete(self) -> None:
        """Remove the session and its tokens from this machine; raises LocalFileError."""
        from tracker_tui.auth import keyring_store

        remove_private(self.path)
        # Even if the file held the tokens, the keyring may hold earlier ones.
        with suppress(keyring_store.KeyringUnavailable):
            keyring_store.delete(self._key)

    @contextmanager
    def locked(self, seconds: float) -> Iterator[None]:
        """Keep other programs on this machine from changing the session during a block.

        Raises DiscordUnreachable if another one holds the lock for longer than `seconds`.
        """
        lock = FileLock(self.path.with_suffix(".lock"))
        deadline = time.monotonic() + seconds
        try:
            while True:
                with lock.try_acquire() as is_ours:
                    if is_ours:
                        yield
                        return
                if time.monotonic() >= deadline:
                    raise DiscordUnreachable("Another tracker-tui is asking Discord. Try again.")
                time.sleep(_LOCK_RETRY_SECONDS)
        finally:
            lock.close()

    def _read(self) -> tuple[Session, Mapping[str, Any]] | None:
        content = read_private(self.path)
        if content is None:
            return None
        try:
            return session_from(content)
        except LocalFileDamaged as error:
            raise NotSignedIn(f"{error} Sign in again: tracker-tui login.") from error

    def _store_tokens(self, tokens: Tokens) -> object:
        """Store tokens in the keyring if possible; return what the file is to hold of them."""
        from tracker_tui.auth import keyring_store

        refresh = None if tokens.refresh is None else tokens.refresh.reveal()
        pair = {"access": tokens.access.reveal(), "refresh": refresh}
        try:
            keyring_store.put(self._key, Secret(json.dumps(pair)))
        except keyring_store.KeyringUnavailable:
            return pair
        return _IN_KEYRING

    def _tokens_in_keyring(self) -> object:
        from tracker_tui.auth import keyring_store

        try:
            secret = keyring_store.get(self._key)
        except keyring_store.KeyringUnavailable:
            raise DiscordUnreachable(
                "The system's keyring does not answer. Unlock it, or log out and sign in again."
            ) from None
        try:
            return None if secret is None else json.loads(secret.reveal())
        except (ValueError, RecursionError):
            return None


def document_of(session: Session) -> dict[str, Any]:
    """Return a session as a JSON document; `session_from` reads it."""
    fields = session._asdict() | {"binding": session.binding._asdict(), "version": _VERSION}
    return fields | {"role_ids": list(session.role_ids)}


def session_from(content: bytes) -> tuple[Session, Mapping[str, Any]]:
    """Return a session and its whole document; raises LocalFileDamaged."""
    try:
        document = json.loads(content)
        _require_version(document.pop("version"))
        binding = Binding(**{name: _text(document["binding"][name]) for name in Binding._fields})
        session = Session(
            binding=binding,
            member_id=_text(document["member_id"]),
            username=_text(document["username"]),
            name=_text(document["name"]),
            avatar=None if document["avatar"] is None else _text(document["avatar"]),
            role_ids=_texts(document["role_ids"]),
            is_in_guild=document["is_in_guild"] is True,
            checked_at=_time(document["checked_at"]),
            tokens_until=_time(document["tokens_until"]),
            row_id=_text(document["row_id"]),
            is_new=document["is_new"] is True,
            is_recorded=document["is_recorded"] is True,
            # The first versions did not write it.
            seen_at=_time(document.get("seen_at", 0.0)),
        )
    except _MALFORMED as error:
        raise LocalFileDamaged("The session that is kept on this machine is damaged.") from error
    return session, document


def is_token(text: object) -> bool:
    """Whether a value can be sent as a token."""
    return isinstance(text, str) and _TOKEN.fullmatch(text) is not None


def _require_version(value: object) -> None:
    if value != _VERSION:
        raise ValueError("another version")


def _text(value: object) -> str:
    if not isinstance(value, str) or one_line(value, _MAX_TEXT) != value or not value:
        raise ValueError("not a text that this program writes")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return tuple(map(_text, value))


def _time(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("not a time")
    return float(value)
