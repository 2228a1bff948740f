"""Requests that Discord rejects: what the error says, and what it leaves out."""

from __future__ import annotations

from functools import partial

import pytest

from auth.discord_calls import (
    ACCESS,
    CALLS,
    CLIENT_SECRET,
    HARMLESS,
    HOSTILE,
    REFRESH,
    SECRETS,
    client,
    client_of,
    discord,
    server,
)
from helpers.auth_errors import failure_of
from helpers.auth_guild import ME, TOKEN
from helpers.discord import FakeDiscord, Fault
from tracker_tui.auth.discord import Discord
from tracker_tui.auth.discord_errors import (
    DiscordRejected,
)

__all__ = ["client", "discord", "server"]


def test_client_error_explains_the_public_client_switch(
    discord: FakeDiscord, client: Discord
) -> None:
    for name, error, status in (
        ("begin", "invalid_client", 400),
        ("begin", "invalid_client", 401),
        ("begin", "unauthorized_client", 400),
        ("begin", "unauthorized_client", 401),
        ("poll", "invalid_client", 401),
        ("refresh", "unauthorized_client", 400),
        ("revoke", "invalid_client", 400),
    ):
        discord.fail(CALLS[name].path, Fault.status(status, {"error": error}))
        rejection = failure_of(DiscordRejected, partial(CALLS[name].ask, client), SECRETS)
        for part in ("public client", "DISCORD_CLIENT_ID", f"({status}: {error})"):
            assert part in str(rejection), (name, error, status)


def test_wrong_client_id_or_secret_explains_the_public_client_switch(
    discord: FakeDiscord, client: Discord
) -> None:
    unknown = client_of(discord, client_id="1")
    assert "public client" in str(failure_of(DiscordRejected, unknown.request_code))
    discord.client_secret = CLIENT_SECRET.reveal()
    assert "public client" in str(failure_of(DiscordRejected, client.request_code, SECRETS))


def test_rejection_is_quoted_in_one_line_without_secrets(discord: FakeDiscord) -> None:
    client = client_of(discord, secret=CLIENT_SECRET)
    for name, call in CALLS.items():
        sent = [CLIENT_SECRET.reveal(), *([] if call.secret is None else [call.secret.reveal()])]
        discord.fail(call.path, Fault.status(403, {"message": f"{HOSTILE}: {' '.join(sent)}"}))
        message = str(failure_of(DiscordRejected, partial(call.ask, client), sent))
        assert message.endswith(f"(403: {HARMLESS}: {' '.join('…' for _ in sent)})."), name


def test_secrets_are_redacted_before_the_text_is_cut(discord: FakeDiscord, client: Discord) -> None:
    for before in range(180, 200, 2):
        said = {"message": "x" * before + REFRESH.reveal()}
        discord.fail(TOKEN, Fault.status(403, said))
        with pytest.raises(DiscordRejected) as caught:
            client.refresh(REFRESH)
        assert REFRESH.reveal()[:4] not in str(caught.value)


def test_rejection_without_a_message_names_the_status(
    discord: FakeDiscord, client: Discord
) -> None:
    for body in (b"", b"[]", b"\xff", b'{"message": 5}', b"[" * 10_000):
        discord.fail(ME, Fault.status(403, body))
        error = failure_of(DiscordRejected, lambda: client.me(ACCESS), SECRETS)
        assert str(error).endswith("(403)."), body
