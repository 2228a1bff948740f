"""What is configured: environment, over config.toml, over defaults; and where files are kept.

No file of the current folder is read. URL and token always come from one source.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

from tracker_tui.config.spelling import DATABASE, DISCORD_APPLICATION, OTHERS, warnings_of
from tracker_tui.domain.text import is_utf8, one_line
from tracker_tui.errors import ConfigError

APP: Final = "tracker-tui"
DATABASE_NAME: Final = "tracker.db"
_SECRETS: Final = (DATABASE[1], DISCORD_APPLICATION[1])
DISCORD_API_URL: Final = "https://discord.com/api/v10"
_OURS: Final = ("TURSO_", "DISCORD_", "TRACKER_")
_REMOTE_SCHEMES: Final = frozenset({"libsql", "https", "http", "wss", "ws"})
PROFILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


class Folders(NamedTuple):
    """Where configuration, data (databases) and state (remembered views, logs) are kept."""

    config: Path
    data: Path
    state: Path
    downloads: Path | None = None
    """None: where the system has its downloads."""


class Secret:
    """A text that nothing prints by accident: not a traceback, not a log, not a screen."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text, for whoever sends it where it belongs."""
        return self._text

    def __repr__(self) -> str:
        return "Secret()"


class Remote(NamedTuple):
    """A database on a server."""

    url: str
    token: Secret | None
    allow_plain: bool = False
    """Whether the token may be sent in the clear to another machine (TRACKER_INSECURE)."""


class Auth(StrEnum):
    """Who may use a database: TRACKER_AUTH."""

    DISCORD = "discord"
    NONE = "none"
    """A database of one's own: no guild, all rights, under the name of the local user."""


class DiscordSettings(NamedTuple):
    """The guild's Discord application and roles, as configured; `auth.guild` checks them."""

    client_id: str = ""
    client_secret: Secret | None = None
    guild_id: str = ""
    roles: str = ""
    """DISCORD_ROLES_CONFIG: JSON, see the data contract, "Who may do what"."""
    api_url: str = DISCORD_API_URL
    allow_plain: bool = False


class Config(NamedTuple):
    """The settings in force."""

    folders: Folders
    database: Path | Remote
    is_default_database: bool
    """Whether nothing was configured: then the embedded database is made on first start."""
    member: str
    """Under what changes are written: a Discord id, or the local user's name where there is no
    guild."""
    profile: str | None = None
    keys: Mapping[str, str] = {}
    """Remapped keys: binding id to keys, as in the table [keys] of config.toml."""
    busy_seconds: float | None = None
    """How long to wait in all for a server; None: as the dashboard does."""
    until: float | None = None
    """The deadline of a command that ends with one change, by time.monotonic(): it waits no longer
    than this, whoever holds the database, Discord or this machine's files. None: there is none."""
    auth: Auth = Auth.NONE
    origin: str = ""
    """Where the database is named, for a person; empty where nothing names one."""
    is_demo: bool = False
    """Whether the database is thrown away at the end."""
    discord: DiscordSettings = DiscordSettings()
    warnings: tuple[str, ...] = ()
    """What config.toml names that nothing reads, each in one sentence with the likely meaning."""


def config_without_settings(environ: Mapping[str, str]) -> Config:
    """Return the defaults, whatever is configured: for the demo, which belongs to no guild."""
    folders = find_folders(environ)
    return Config(
        folders, folders.data / DATABASE_NAME, is_default_database=True, member=_local_user()
    )


def load_config(environ: Mapping[str, str], profile: str | None = None) -> Config:
    """Return the settings in force; raises ConfigError."""
    folders = find_folders(environ)
    path = folders.config / "config.toml"
    document = _document(path)
    settings = _settings(path, document, profile)
    # A profile is another guild: what the environment says of this one does not hold there.
    if profile is None:
        settings = _over(settings, environ)
    url = settings.get("TURSO_DATABASE_URL")
    database = _database(url, settings) if url else folders.data / _default_name(profile)
    auth = _auth(settings) if isinstance(database, Remote) else Auth.NONE
    keys = _texts(path, document.get("keys", {}), are_all_texts=True)
    origin = _origin(path, profile, environ) if url else ""
    user = _local_user()
    return Config(
        folders,
        database,
        not url,
        user,
        profile,
        keys,
        auth=auth,
        origin=origin,
        discord=_discord(settings),
        warnings=tuple(warnings_of(path, document, profile)),
    )


def _discord(settings: Mapping[str, str]) -> DiscordSettings:
    def text(name: str) -> str:
        return settings.get(name, "").strip()

    secret = text("DISCORD_CLIENT_SECRET")
    return DiscordSettings(
        text("DISCORD_CLIENT_ID"),
        Secret(secret) if secret else None,
        text("DISCORD_GUILD_ID"),
        text("DISCORD_ROLES_CONFIG"),
        text("DISCORD_API_URL") or DISCORD_API_URL,
        settings.get("TRACKER_INSECURE") == "1",
    )


def _origin(path: Path, profile: str | None, environ: Mapping[str, str]) -> str:
    if profile is not None:
        return f"[profiles.{profile}] of {path}"
    return "the environment" if environ.get("TURSO_DATABASE_URL") else str(path)


def _over(settings: Mapping[str, str], environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the settings with those of the environment over them."""
    chosen = dict(settings)
    # A token belongs to its URL, and a secret to its application: one from elsewhere would be sent
    # to the wrong server.
    for owner, secret in (DATABASE, DISCORD_APPLICATION):
        if environ.get(owner):
            chosen.pop(secret, None)
            chosen |= {name: environ[name] for name in (owner, secret) if environ.get(name)}
    return chosen | {name: environ[name] for name in OTHERS if environ.get(name)}


def _database(url: str, settings: Mapping[str, str]) -> Path | Remote:
    scheme = url.strip().partition("://")[0].lower()
    if scheme not in _REMOTE_SCHEMES:
        return _sqlite_path(url)
    token = settings.get("TURSO_AUTH_TOKEN", "").strip()
    allow_plain = settings.get("TRACKER_INSECURE") == "1"
    return Remote(url.strip(), Secret(token) if token else None, allow_plain)


def _auth(settings: Mapping[str, str]) -> Auth:
    chosen = settings.get("TRACKER_AUTH", Auth.DISCORD.value).strip().lower()
    try:
        return Auth(chosen)
    except ValueError:
        raise ConfigError("TRACKER_AUTH is discord or none.") from None


def _default_name(profile: str | None) -> str:
    # Another guild's embedded database is another file.
    return DATABASE_NAME if profile is None else f"tracker-{profile}.db"


def profile_names(folders: Folders) -> list[str]:
    """Return the profiles that config.toml names, sorted; raises ConfigError."""
    profiles = _document(folders.config / "config.toml").get("profiles")
    names = profiles if isinstance(profiles, dict) else {}
    return sorted(name for name in names if PROFILE_NAME.fullmatch(name))


def holds_secret(path: Path) -> bool:
    """Whether a settings file holds a token or a secret of any guild; raises ConfigError."""
    document = _document(path)
    profiles = document.get("profiles")
    tables = [document, *(profiles.values() if isinstance(profiles, dict) else ())]
    return any(name in table for table in tables if isinstance(table, dict) for name in _SECRETS)


def find_folders(environ: Mapping[str, str]) -> Folders:
    """Return the folders: one below TRACKER_HOME, or the places that the system names.

    Raises ConfigError, also where a setting or a folder is no UTF-8 text.
    """
    for name, value in environ.items():
        if name.startswith(_OURS) and not is_utf8(value):
            raise ConfigError(f"{one_line(name, 60)} in the environment is not UTF-8. Correct it.")
    home = environ.get("TRACKER_HOME")
    if home:
        root = _absolute(home, "TRACKER_HOME")
        return Folders(root / "config", root / "data", root / "state", root / "downloads")
    from platformdirs import PlatformDirs

    dirs = PlatformDirs(APP, appauthor=False)
    folders = Folders(dirs.user_config_path, dirs.user_data_path, dirs.user_state_path)
    for folder in folders:
        if folder is not None and not is_utf8(str(folder)):
            told = f"The name of the folder {one_line(folder, 200)} is not UTF-8. Set TRACKER_HOME."
            raise ConfigError(told)
    return folders


def downloads_folder(folders: Folders) -> Path:
    """Return where files go that somebody asked for: the system's folder, unless ours is told."""
    if folders.downloads is not None:
        return folders.downloads
    from platformdirs import user_downloads_path

    return user_downloads_path()


def _document(path: Path) -> Mapping[str, Any]:
    try:
        # Editors on Windows begin a file with a byte-order mark.
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read. Check its permissions and that it is UTF-8 text."
        raise ConfigError(message) from error
    return parse_toml(path, text)


def _settings(path: Path, document: Mapping[str, Any], profile: str | None) -> Mapping[str, str]:
    if profile is None:
        return _texts(path, document)
    if not PROFILE_NAME.fullmatch(profile):
        raise ConfigError("A profile's name is up to 40 letters, digits, - and _.")
    profiles = document.get("profiles")
    chosen = profiles.get(profile) if isinstance(profiles, dict) else None
    if not isinstance(chosen, dict):
        message = f"There is no profile {profile}. Add [profiles.{profile}] to {path}."
        raise ConfigError(message)
    return _texts(path, chosen)


def parse_toml(path: Path, text: str) -> dict[str, Any]:
    """Return what a settings file says; raises ConfigError, which quotes none of it."""
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # The parser's message may quote the line, and the line may hold a token: the place only.
        place = re.search(r"\(at [^)]*\)\s*$", str(error))
        message = f"{path} is no valid TOML {place[0] if place else ''}. Correct it there."
        raise ConfigError(message) from None


def _texts(path: Path, table: object, *, are_all_texts: bool = False) -> Mapping[str, str]:
    """Return the texts of a table; what is none of ours may be anything."""
    if not isinstance(table, dict):
        message = f"{path}: [keys] must be a table of key names in quotes."
        raise ConfigError(message)
    texts = {}
    for name, value in table.items():
        if not isinstance(value, str) and (name.isupper() or are_all_texts):
            message = f"{path}: {one_line(name, 60)} must be a text in quotes."
            raise ConfigError(message)
        if isinstance(value, str):
            texts[name] = value
    return texts


def _sqlite_path(url: str) -> Path:
    scheme, colon, rest = url.partition(":")
    if not colon or scheme != "file":
        message = (
            "TURSO_DATABASE_URL begins with file:, libsql://, https://, http://, wss:// or ws://; "
            "leave it unset for the embedded database."
        )
        raise ConfigError(message)
    path = rest.removeprefix("//") if rest.startswith("///") else rest
    if not path:
        raise ConfigError("TURSO_DATABASE_URL names no file: write file:PATH.")
    return _absolute(path, "TURSO_DATABASE_URL")


def _absolute(path: str, name: str) -> Path:
    try:
        found = Path(path).expanduser().absolute()
    except RuntimeError as error:
        message = f"{name} names the home of somebody who is not there. Write the whole path."
        raise ConfigError(message) from error
    if not is_utf8(str(found)):
        raise ConfigError(f"{name} leads to a folder whose name is not UTF-8. Choose another one.")
    return found


def _local_user() -> str:
    import getpass

    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "me"
    if not is_utf8(name):
        # Older systems write names in Latin-1.
        name = one_line(name.encode("utf-8", "surrogateescape").decode("latin-1"))
    return name or "me"
