"""Fates of a server that rejects some writes."""

from __future__ import annotations

import json
from typing import Any

from helpers.proxy import Fate, ProxiedRequest, answer, pass_on

TOKEN_REFUSED = answer(401, b'{"error":"Unauthorized: `The JWT is invalid`"}')
READ_ONLY = answer(403, b'{"error":"Authorization forbidden: no Write permission"}')
NO_DATABASE = answer(404, b'{"error":"Namespace `guild` doesn\'t exist"}')
BLOCKED = answer(403, b'{"error":"Writes are blocked","code":"BLOCKED"}')


def writes_meet(fate: Fate) -> Fate:
    """Every request that writes meets this fate; the others pass."""

    def choose(proxied: ProxiedRequest) -> None:
        (fate if b"BEGIN IMMEDIATE" in proxied.body else pass_on)(proxied)

    return choose


def requests_with(text: str, fate: Fate) -> Fate:
    """Every request in which this text is found meets this fate; the others pass."""

    def choose(proxied: ProxiedRequest) -> None:
        (fate if text.encode() in proxied.body else pass_on)(proxied)

    return choose


def batch_failed(code: str, about: str = "") -> Fate:
    """The server fails each batch that writes about something with this code, and no other."""
    error = {"message": f"the server says {code}", "code": code}
    # A lock is waited for at the beginning; a disk is full once something is written.
    position = 0 if "BUSY" in code else 1

    def fate(proxied: ProxiedRequest) -> None:
        asked = json.loads(proxied.body)
        failing = [_is_write(each) and about in json.dumps(each) for each in asked["requests"]]
        for request, fails in zip(asked["requests"], failing, strict=True):
            if fails:
                # The real server fails it where it stands, so that all that hangs on it is real.
                request["batch"]["steps"][position]["stmt"] = {"sql": "SELECT rejected"}
        proxied.body = json.dumps(asked).encode()
        reply = proxied.forward()
        answered = json.loads(reply.body)
        for result, fails in zip(answered["results"], failing, strict=True):
            if fails:
                step_errors = result["response"]["result"]["step_errors"]
                assert "rejected" in step_errors[position]["message"]
                step_errors[position] = error
        proxied.reply(reply._replace(body=json.dumps(answered).encode()))

    return fate


def _is_write(request: dict[str, Any]) -> bool:
    return "BEGIN IMMEDIATE" in json.dumps(request)
