"""The configured guild, checked: its Discord application, its id, and what its roles allow."""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from tracker_tui.auth.discord_errors import NoGuild
from tracker_tui.config.settings import Config, Secret
from tracker_tui.domain.roles import Role, RolesConfigError, parse_roles
from tracker_tui.domain.text import one_line
from tracker_tui.errors import ConfigError

_ID: Final = re.compile(r"[0-9]{1,20}")
_HELP: Final = "An officer's invitation sets it: tracker-tui join."


class Guild(NamedTuple):
    """The guild that members sign in to."""

    api_url: str
    """Without a trailing slash."""
    client_id: str
    guild_id: str
    roles: tuple[Role, ...]
    client_secret: Secret | None = None


def guild_of(config: Config) -> Guild:
    """Return the configured guild; raises NoGuild, ConfigError."""
    discord = config.discord
    return Guild(
        api_url=_checked_url(discord.api_url),
        client_id=checked_id(discord.client_id, "DISCORD_CLIENT_ID"),
        guild_id=checked_id(discord.guild_id, "DISCORD_GUILD_ID"),
        roles=checked_roles(discord.roles),
        client_secret=discord.client_secret,
    )


def is_id(text: str) -> bool:
    """Whether a text can be a Discord id: a 64-bit number as text."""
    return _ID.fullmatch(text) is not None


def checked_roles(text: str) -> tuple[Role, ...]:
    """Return the roles of DISCORD_ROLES_CONFIG; raises NoGuild, ConfigError."""
    if not text.strip():
        raise NoGuild(f"DISCORD_ROLES_CONFIG is not set, so no role has access. {_HELP}")
    try:
        return parse_roles(text)
    except RolesConfigError as error:
        raise ConfigError(f"{one_line(error, 300)}. Correct it.") from error


def checked_id(text: str, name: str) -> str:
    """Return a Discord id; raises NoGuild, ConfigError, which quote the setting's `name`."""
    if not text:
        raise NoGuild(
            f"{name} is not set, so members cannot sign in. {_HELP} For a database of your own, "
            "without a guild, set TRACKER_AUTH=none."
        )
    if not is_id(text):
        raise ConfigError(f"{name} is a number of up to 20 digits. Correct it.")
    return text


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        is_url = False
    if not is_url or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigError("DISCORD_API_URL is no URL such as https://discord.com/api/v10.")
    if parts.scheme != "https":
        raise ConfigError("DISCORD_API_URL has to begin with https://, because tokens go there.")
    return url.rstrip("/")
