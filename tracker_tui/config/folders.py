"""The folders of this program: TRACKER_HOME, or the places that the operating system provides."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from tracker_tui.domain.text import is_utf8, one_line
from tracker_tui.errors import ConfigError

APP: Final = "tracker-tui"
_OUR_PREFIXES: Final = ("TURSO_", "DISCORD_", "TRACKER_")


class Folders(NamedTuple):
    """The folders for config.toml, for data (databases, outbox) and for state (views, logs)."""

    config: Path
    data: Path
    state: Path
    downloads: Path | None = None
    """None: the system's downloads folder."""


def find_folders(environ: Mapping[str, str]) -> Folders:
    """Return the folders; raises ConfigError, also if one of our settings isn't UTF-8."""
    for name, value in environ.items():
        if name.startswith(_OUR_PREFIXES) and not is_utf8(value):
            raise ConfigError(f"{one_line(name, 60)} in the environment isn't UTF-8. Correct it.")
    home = environ.get("TRACKER_HOME")
    if home:
        root = absolute_path(home, "TRACKER_HOME")
        return Folders(
            config=root / "config",
            data=root / "data",
            state=root / "state",
            downloads=root / "downloads",
        )
    from platformdirs import PlatformDirs

    dirs = PlatformDirs(APP, appauthor=False)
    folders = Folders(
        config=dirs.user_config_path, data=dirs.user_data_path, state=dirs.user_state_path
    )
    for folder in folders:
        if folder is not None and not is_utf8(str(folder)):
            shown = one_line(folder, 200)
            raise ConfigError(f"The name of the folder {shown} isn't UTF-8. Set TRACKER_HOME.")
    return folders


def downloads_folder(folders: Folders) -> Path:
    """Return the folder for exports: the configured one, or the system's downloads folder."""
    if folders.downloads is not None:
        return folders.downloads
    from platformdirs import user_downloads_path

    return user_downloads_path()


def absolute_path(path: str, setting: str) -> Path:
    """Return the absolute path in a setting, with `~` expanded; raises ConfigError."""
    try:
        found = Path(path).expanduser().absolute()
    except RuntimeError as error:
        message = f"{setting} names the home of an unknown user. Write the whole path."
        raise ConfigError(message) from error
    if not is_utf8(str(found)):
        raise ConfigError(f"{setting} leads to a folder whose name isn't UTF-8. Choose another.")
    return found
