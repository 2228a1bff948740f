"""Joining a guild: its settings, each tested as it comes, and kept once somebody said yes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from tracker_tui.auth.errors import DiscordUnreachable
from tracker_tui.auth.guild import Guild, checked_id, checked_roles, guild_of
from tracker_tui.config.settings import Auth, Config, DiscordSettings, Remote, Secret
from tracker_tui.db.layout import read_layout
from tracker_tui.db.remote import open_remote
from tracker_tui.domain.roles import Right, roles_with
from tracker_tui.errors import ConfigError, DatabaseUnreachable, TokenRejected, UsageError
from tracker_tui.guild.invitation import Invitation, facts_of
from tracker_tui.guild.settings_file import add_settings, has_settings, require_free

URL: Final = "TURSO_DATABASE_URL"
TOKEN: Final = "TURSO_AUTH_TOKEN"  # noqa: S105 - the name of a setting
CLIENT: Final = "DISCORD_CLIENT_ID"
GUILD: Final = "DISCORD_GUILD_ID"
ROLES: Final = "DISCORD_ROLES_CONFIG"
_PATIENCE_SECONDS: Final = 10.0


class TestedAnswer(NamedTuple):
    """What testing an answer brought: that it holds, or that nobody could be asked for now."""

    told: str
    is_sure: bool = True
    wants_token: bool = False
    """Whether the database answers nobody without a token."""


class SetupQuestion(NamedTuple):
    """One thing that a guild has to be asked for."""

    setting: str
    label: str
    example: str
    is_secret: bool = False


QUESTIONS: Final = (
    SetupQuestion(URL, "Database", "libsql://guild-name.turso.io"),
    SetupQuestion(TOKEN, "Its token", "from whoever runs the database", is_secret=True),
    SetupQuestion(CLIENT, "Discord application", "a number, its client id"),
    SetupQuestion(GUILD, "Discord guild", "a number, the server's id"),
    SetupQuestion(ROLES, "Roles", '[{"id": "…", "name": "Member", "canAccessResources": true}]'),
)


def blank_config(config: Config) -> Config:
    """Return settings without any guild: where files are kept, and what may be sent where."""
    allowed = DiscordSettings(
        api_url=config.discord.api_url, allow_plain=config.discord.allow_plain
    )
    return config._replace(discord=allowed)


class JoinProcess:
    """The settings of a guild that somebody is about to join."""

    def __init__(self, config: Config) -> None:
        """Begin with nothing; of `config` only folders and what the environment allows is used."""
        self.config = config
        self.settings: dict[str, str] = {}
        """What was answered so far, by the name of the setting."""

    @property
    def path(self) -> Path:
        """Where the settings will be kept."""
        return self.config.folders.config / "config.toml"

    def follow(self, invitation: Invitation) -> None:
        """Take what an invitation holds."""
        self.settings |= {
            URL: invitation.database_url,
            CLIENT: invitation.client_id,
            GUILD: invitation.guild_id,
            ROLES: invitation.roles,
        }
        if invitation.token is not None:
            self.settings[TOKEN] = invitation.token.reveal()

    def facts(self) -> list[tuple[str, str]]:
        """Return what to show before all of it is kept: names and values, safe to print.

        Only where nothing is missing.
        """
        url, client, guild, roles = (self.settings[name] for name in (URL, CLIENT, GUILD, ROLES))
        *facts, _ = facts_of(Invitation(url, client, guild, roles))
        return [*facts, ("Token", "kept, too" if self.settings.get(TOKEN) else "none")]

    def missing(self) -> list[SetupQuestion]:
        """Return what is still to be asked for."""
        return [question for question in QUESTIONS if question.setting not in self.settings]

    def check(self, setting: str, text: str) -> None:
        """Raise TrackerError, which says what is wrong, unless a text can be right; asks nobody."""
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
        """Take an answer; raises TrackerError as `check` does."""
        self.check(setting, text)
        self.settings[setting] = " ".join(text.split()) if setting == ROLES else text.strip()

    def forget(self, setting: str) -> None:
        """Let something be asked for once more."""
        self.settings.pop(setting, None)

    def test(self, setting: str) -> TestedAnswer:
        """Ask the database or Discord about an answer.

        Takes a while. Raises TrackerError where the answer is wrong; what is only out of reach for
        now is told, and not held against it.
        """
        try:
            if setting in (URL, TOKEN):
                return self._test_database(has_token=setting == TOKEN)
            if setting == CLIENT:
                return TestedAnswer(self._test_application())
        except (DatabaseUnreachable, DiscordUnreachable) as error:
            return TestedAnswer(f"Not tested: {error}", is_sure=False)
        if setting == GUILD:
            return TestedAnswer("tested when you sign in", is_sure=False)
        return TestedAnswer("makes sense")

    def keep(self, profile: str | None) -> Path:
        """Write the settings; raises ConfigError, LocalFileError, and then nothing is written."""
        kept = {name: text for name, text in self.settings.items() if text}
        add_settings(self.path, profile, kept)
        return self.path

    def require_free(self, profile: str | None) -> None:
        """Raise ConfigError where there is a guild already where this one would be kept."""
        require_free(self.path, profile)

    def is_taken(self, profile: str | None) -> bool:
        """Whether there is a guild already where this one would be kept; raises ConfigError."""
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
                return TestedAnswer(
                    f"{database.where} answers, and wants a token", wants_token=True
                )
            layout.require_ours(database.where)
            if not has_token:
                return TestedAnswer(f"{database.where} answers")
            return TestedAnswer("none is asked for" if remote.token is None else "accepted")

    def _test_application(self) -> str:
        from tracker_tui.auth.discord import Discord

        Discord(self._guild).begin()
        return "Discord knows the application"

    @property
    def _guild(self) -> Guild:
        discord = self.config.discord._replace(
            client_id=self.settings.get(CLIENT, ""), guild_id="0", roles="[]", client_secret=None
        )
        return guild_of(self.config._replace(discord=discord, auth=Auth.DISCORD))


def check_entrance(roles: str) -> None:
    """Raise ConfigError unless roles make sense, and one of them may enter."""
    if not roles_with(Right.ACCESS_RESOURCES, checked_roles(roles)):
        raise ConfigError("No role has canAccessResources: nobody could enter. Ask an officer.")


def invitation_of(config: Config, token: Secret | None) -> Invitation:
    """Return the invitation to the configured guild; raises ConfigError, NoGuild.

    `token` is one for members: never the one in use, never the application's secret.
    """
    if not isinstance(config.database, Remote):
        raise ConfigError("An invitation is to a database on a server: set TURSO_DATABASE_URL.")
    guild = guild_of(config)
    check_entrance(config.discord.roles)
    if token is not None:
        for own in (config.database.token, config.discord.client_secret):
            if own is not None and own.reveal() == token.reveal():
                raise ConfigError(
                    "That is a secret of your own, and an invitation is for others. Make a token "
                    "for members: README, Who gets which token."
                )
    return Invitation(
        config.database.url, guild.client_id, guild.guild_id, config.discord.roles, token
    )


def tested_token(config: Config, invitation: Invitation) -> TestedAnswer:
    """Test the token of an invitation; raises TrackerError where it is refused."""
    joining = JoinProcess(config)
    joining.follow(invitation)
    return joining.test(TOKEN)
