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
    """Apply a fate to every request that writes; pass the others on."""
    return requests_with("BEGIN IMMEDIATE", fate)


def requests_with(text: str, fate: Fate) -> Fate:
    """Apply a fate to every request that contains a text; pass the others on."""

    def choose(proxied: ProxiedRequest) -> None:
        (fate if text.encode() in proxied.body else pass_on)(proxied)

    return choose


def batch_failed(code: str, about: str = "") -> Fate:
    """Fail each writing batch that contains `about` with this code, as the server would."""
    error = {"message": f"the server says {code}", "code": code}
    # A busy lock fails the BEGIN; a full disk fails the first write.
    position = 0 if "BUSY" in code else 1

    def fate(proxied: ProxiedRequest) -> None:
        asked = json.loads(proxied.body)
        failing = [_is_write(each) and about in json.dumps(each) for each in asked["requests"]]
        for request, fails in zip(asked["requests"], failing, strict=True):
            if fails:
                # The real server runs this failing statement, so its effects are real.
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
