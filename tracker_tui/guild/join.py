"""Joining a guild: collect its settings, test each as it comes, and write them to config.toml.

    process = JoinProcess(blank_config(config))
    process.use_invitation(invitation)      or answer(setting, text) for each of missing()
    process.test(URL)                       asks the database
    process.save(profile=None)              once the player agreed

The command line and the dashboard's join screen both drive it.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tracker_tui.auth.discord_errors import DiscordUnreachable
from tracker_tui.auth.guild_config import Guild, checked_id, checked_roles, guild_of
from tracker_tui.config.settings import Auth, Config, DiscordSettings, Remote, Secret
from tracker_tui.db.layout import read_layout
from tracker_tui.db.remote import open_remote
from tracker_tui.domain.roles import Right, roles_with
from tracker_tui.errors import ConfigError, DatabaseUnreachable, TokenRejected, UsageError
from tracker_tui.guild.invitation import Invitation, summary_of
from tracker_tui.guild.settings_file import add_settings, has_settings, require_free

URL: Final = "TURSO_DATABASE_URL"
TOKEN: Final = "TURSO_AUTH_TOKEN"  # noqa: S105 - the name of a setting
CLIENT: Final = "DISCORD_CLIENT_ID"
GUILD: Final = "DISCORD_GUILD_ID"
ROLES: Final = "DISCORD_ROLES_CONFIG"
_PATIENCE_SECONDS: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class TestedAnswer:
    """The result of testing an answer that isn't wrong."""

    message: str
    is_sure: bool = True
    """False if the test has to wait, because the server is out of reach."""
    wants_token: bool = False
    """Whether the database answers only with a token."""


@dataclass(frozen=True, kw_only=True)
class SetupQuestion:
    """A setting that the player is asked for."""

    setting: str
    label: str
    example: str
    is_secret: bool = False


QUESTIONS: Final = (
    SetupQuestion(setting=URL, label="Database", example="libsql://guild-name.turso.io"),
    SetupQuestion(
        setting=TOKEN,
        label="Its token",
        example="from whoever runs the database",
        is_secret=True,
    ),
    SetupQuestion(setting=CLIENT, label="Discord application", example="a number, its client id"),
    SetupQuestion(setting=GUILD, label="Discord guild", example="a number, the server's id"),
    SetupQuestion(
        setting=ROLES,
        label="Roles",
        example='[{"id": "…", "name": "Member", "canAccessResources": true}]',
    ),
)


def blank_config(config: Config) -> Config:
    """Return a configuration without a guild: only its folders and the API that it may use."""
    allowed = DiscordSettings(
        api_url=config.discord.api_url, allow_plain=config.discord.allow_plain
    )
    return config._replace(discord=allowed)


class JoinProcess:
    """The settings of a guild that the player is about to join."""

    def __init__(self, config: Config) -> None:
        """Begin without answers; `config` gives the folders and what the environment allows."""
        self.config = config
        self.settings: dict[str, str] = {}
        """The answers so far, by the name of the setting."""

    @property
    def path(self) -> Path:
        """The file that `save` writes."""
        return self.config.folders.config / "config.toml"

    def use_invitation(self, invitation: Invitation) -> None:
        """Take the answers from an invitation."""
        self.settings |= {
            URL: invitation.database_url,
            CLIENT: invitation.client_id,
            GUILD: invitation.guild_id,
            ROLES: invitation.roles,
        }
        if invitation.token is not None:
            self.settings[TOKEN] = invitation.token.reveal()

    def summary(self) -> list[tuple[str, str]]:
        """Return names and values to show before saving, safe to print; needs all answers."""
        invitation = Invitation(
            database_url=self.settings[URL],
            client_id=self.settings[CLIENT],
            guild_id=self.settings[GUILD],
            roles=self.settings[ROLES],
        )
        *lines, _ = summary_of(invitation)
        return [*lines, ("Token", "saved, too" if self.settings.get(TOKEN) else "none")]

    def missing(self) -> list[SetupQuestion]:
        """Return the questions without an answer."""
        return [question for question in QUESTIONS if question.setting not in self.settings]

    def check(self, setting: str, text: str) -> None:
        """Check the form of an answer, without a request; raises TrackerError."""
        text = text.strip()
        if setting == URL:
            open_remote(Remote(text, None, self.config.discord.allow_plain)).close()
        elif setting == TOKEN:
            self._check_token(text)
        elif setting == ROLES:
            check_entrance(text)
        else:
            checked_id(text, setting)

    def answer(self, setting: str, text: str) -> None:
        """Check and store an answer; raises TrackerError like `check`."""
        self.check(setting, text)
        self.settings[setting] = " ".join(text.split()) if setting == ROLES else text.strip()

    def clear(self, setting: str) -> None:
        """Remove an answer, so that its question is asked again."""
        self.settings.pop(setting, None)

    def test(self, setting: str) -> TestedAnswer:
        """Ask the database or Discord about an answer; blocks for up to 10 seconds.

        Raises TrackerError if the answer is wrong. A server out of reach proves nothing: the result
        says so.
        """
        try:
            if setting in (URL, TOKEN):
                return self._test_database(has_token=setting == TOKEN)
            if setting == CLIENT:
                return TestedAnswer(message=self._test_application())
        except (DatabaseUnreachable, DiscordUnreachable) as error:
            return TestedAnswer(message=f"Not tested: {error}", is_sure=False)
        if setting == GUILD:
            return TestedAnswer(message="tested when you sign in", is_sure=False)
        return TestedAnswer(message="makes sense")

    def save(self, profile: str | None) -> Path:
        """Write all settings or none; raises ConfigError, LocalFileError."""
        add_settings(
            self.path, profile, {name: text for name, text in self.settings.items() if text}
        )
        return self.path

    def require_free(self, profile: str | None) -> None:
        """Raise ConfigError if the profile has a guild already."""
        require_free(self.path, profile)

    def is_taken(self, profile: str | None) -> bool:
        """Whether the profile has a guild already; raises ConfigError."""
        return has_settings(self.path, profile)

    @property
    def _remote(self) -> Remote:
        token = self.settings.get(TOKEN)
        secret = Secret(token) if token else None
        url = self.settings.get(URL)
        if url is None:
            raise UsageError("The database comes first: a token is for one database only.")
        return Remote(url, secret, self.config.discord.allow_plain)

    def _check_token(self, text: str) -> None:
        url = self.settings.get(URL, "https://guild.invalid")
        open_remote(Remote(url, Secret(text) if text else None, allow_plain=True)).close()

    def _test_database(self, *, has_token: bool) -> TestedAnswer:
        remote = self._remote if has_token else self._remote._replace(token=None)
        with closing(open_remote(remote, _PATIENCE_SECONDS)) as database:
            try:
                layout = read_layout(database)
            except TokenRejected:
                if has_token:
                    raise
                message = f"{database.where} answers, and wants a token"
                return TestedAnswer(message=message, wants_token=True)
            layout.require_ours(database.where)
            if not has_token:
                return TestedAnswer(message=f"{database.where} answers")
            accepted = "none is asked for" if remote.token is None else "accepted"
            return TestedAnswer(message=accepted)

    def _test_application(self) -> str:
        from tracker_tui.auth.discord import Discord

        Discord(self._guild).request_code()
        return "Discord knows the application"

    @property
    def _guild(self) -> Guild:
        discord = self.config.discord._replace(
            client_id=self.settings.get(CLIENT, ""), guild_id="0", roles="[]", client_secret=None
        )
        return guild_of(self.config._replace(discord=discord, auth=Auth.DISCORD))


def check_entrance(roles: str) -> None:
    """Raise ConfigError unless the roles are valid and one of them may enter."""
    if not roles_with(Right.ACCESS_RESOURCES, checked_roles(roles)):
        raise ConfigError(
            "No role has canAccessResources, so no member could enter. Ask an officer."
        )


def invitation_of(config: Config, token: Secret | None) -> Invitation:
    """Return the invitation to the configured guild; raises ConfigError, NoGuild.

    `token` is for members: neither the one in use nor the application's secret.
    """
    if not isinstance(config.database, Remote):
        raise ConfigError("An invitation is to a database on a server: set TURSO_DATABASE_URL.")
    guild = guild_of(config)
    check_entrance(config.discord.roles)
    if token is not None:
        for own in (config.database.token, config.discord.client_secret):
            if own is not None and own.reveal() == token.reveal():
                raise ConfigError(
                    "That is your own secret, and an invitation is for others. Make a token for "
                    "members: README, Who gets which token."
                )
    return Invitation(
        database_url=config.database.url,
        client_id=guild.client_id,
        guild_id=guild.guild_id,
        roles=config.discord.roles,
        token=token,
    )


def tested_token(config: Config, invitation: Invitation) -> TestedAnswer:
    """Test the token of an invitation; raises TrackerError if the database rejects it."""
    process = JoinProcess(config)
    process.use_invitation(invitation)
    return process.test(TOKEN)
