"""Every request of `Discord`, and a pretended Discord that answers it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from helpers.auth_guild import DEVICE, ME, REVOKE, TOKEN
from helpers.discord import GUILD_ID, FakeDiscord, Fault
from tracker_tui.auth.discord import DeviceCode, Discord
from tracker_tui.auth.guild_config import Guild
from tracker_tui.config.settings import Secret

MEMBER = f"/users/@me/guilds/{GUILD_ID}/member"
CLIENT_SECRET = Secret("client-4u8PqS1x")
ACCESS, REFRESH = Secret("access-Zk3bV9tR"), Secret("refresh-M2nQ7wLd")
CODE = DeviceCode(
    device_code=Secret("device-h5TgY8cE"),
    user_code="ZAW6C586",
    link="https://d/a",
    link_with_code="https://d/a?c",
    expires_at=float("inf"),
    interval=5.0,
)
SECRETS = [secret.reveal() for secret in (CLIENT_SECRET, ACCESS, REFRESH, CODE.device_code)]
SOON = 0.1
"""The deadline of requests that are meant to miss it, in seconds."""
MOST_BYTES = 256 * 1024

HOSTILE = "a\x1b[31m\nb\r\tc\x00\x9b[bold]d[/bold] \u202ee\u2066f"
HARMLESS = "a [31m b c [bold]d[/bold] ef"


class Call(NamedTuple):
    """A request to an endpoint, and the secret that it sends."""

    path: str
    ask: Callable[[Discord], object]
    secret: Secret | None = None


CALLS = {
    "begin": Call(DEVICE, lambda client: client.request_code()),
    "poll": Call(TOKEN, lambda client: client.poll(CODE), CODE.device_code),
    "refresh": Call(TOKEN, lambda client: client.refresh(REFRESH), REFRESH),
    "revoke": Call(REVOKE, lambda client: client.revoke(REFRESH), REFRESH),
    "me": Call(ME, lambda client: client.me(ACCESS), ACCESS),
    "member": Call(MEMBER, lambda client: client.member(ACCESS), ACCESS),
}


def client_of(
    discord: FakeDiscord, seconds: float = 10.0, secret: Secret | None = None, **changes: Any
) -> Discord:
    guild = Guild(discord.url, discord.client_id, discord.guild_id, (), secret)
    return Discord(guild._replace(**changes), seconds)


def refusal(error: str, **more: str) -> Fault:
    return Fault.status(400, {"error": error, **more})


def as_json(document: object) -> Fault:
    return Fault.garbage(json.dumps(document).encode())
