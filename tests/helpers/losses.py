"""Ways in which a transaction is lost on a server, as fates of the request that comes next."""

from __future__ import annotations

import json
from typing import Any

from helpers.proxy import Fate, ProxiedRequest, answer, cut_after, cut_before, cut_within

EXPIRED = answer(
    400, b'{"message":"The stream has expired due to inactivity","code":"STREAM_EXPIRED"}'
)


def unknown_baton(proxied: ProxiedRequest) -> None:
    """The server is asked to go on with a stream that it does not know."""
    proxied.body = json.dumps({**_asked(proxied), "baton": "nobody-knows-it"}).encode()
    proxied.reply(proxied.forward())


def rolled_back(proxied: ProxiedRequest) -> None:
    """The server ends the transaction and goes on without one, telling nobody."""
    asked = _asked(proxied)
    asked["requests"].insert(0, {"type": "execute", "stmt": {"sql": "ROLLBACK"}})
    proxied.body = json.dumps(asked).encode()
    reply = proxied.forward()
    answered = json.loads(reply.body)
    del answered["results"][0]
    proxied.reply(reply._replace(body=json.dumps(answered).encode()))


def refused(proxied: ProxiedRequest) -> None:
    """As `rolled_back`, and what came next was something that the server did not understand."""
    asked = _asked(proxied)
    asked["requests"][0]["batch"]["steps"] = [{"stmt": {"sql": "SELEC"}}]
    proxied.body = json.dumps(asked).encode()
    rolled_back(proxied)


def reported(code: str) -> Fate:
    """The server fails every step of the request with this code, and holds no transaction."""

    def fate(proxied: ProxiedRequest) -> None:
        count = len(_asked(proxied)["requests"][0]["batch"]["steps"])
        result = {
            "step_results": [None] * count,
            "step_errors": [{"message": "Something of the server's", "code": code}] * count,
        }
        responses = [
            {"type": "batch", "result": result},
            {"type": "get_autocommit", "is_autocommit": True},
        ]
        body = {"baton": None, "results": [{"type": "ok", "response": r} for r in responses]}
        answer(200, json.dumps(body).encode())(proxied)

    return fate


LOSSES: dict[str, Fate] = {
    "request lost": cut_before,
    "reply lost": cut_after,
    "half a reply": cut_within,
    "stream expired": EXPIRED,
    "unknown baton": unknown_baton,
    "taken away": reported("TRANSACTION_TIMEOUT"),
    "rolled back": rolled_back,
    "refused": refused,
    "server failed": answer(502, b"<html>Bad Gateway</html>"),
    "token expired": answer(401),
}


def _asked(proxied: ProxiedRequest) -> dict[str, Any]:
    asked: dict[str, Any] = json.loads(proxied.body)
    return asked
