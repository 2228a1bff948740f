"""Ways in which a transaction is lost on a server, as fates of the request that comes next."""

from __future__ import annotations

import json
from typing import Any

from helpers.proxy import Exchange, Fate, answer, cut_after, cut_before, cut_within

EXPIRED = answer(
    400, b'{"message":"The stream has expired due to inactivity","code":"STREAM_EXPIRED"}'
)


def unknown_baton(exchange: Exchange) -> None:
    """The server is asked to go on with a stream that it does not know."""
    exchange.body = json.dumps({**_asked(exchange), "baton": "nobody-knows-it"}).encode()
    exchange.reply(exchange.forward())


def rolled_back(exchange: Exchange) -> None:
    """The server ends the transaction and goes on without one, telling nobody."""
    asked = _asked(exchange)
    asked["requests"].insert(0, {"type": "execute", "stmt": {"sql": "ROLLBACK"}})
    exchange.body = json.dumps(asked).encode()
    reply = exchange.forward()
    answered = json.loads(reply.body)
    del answered["results"][0]
    exchange.reply(reply._replace(body=json.dumps(answered).encode()))


def refused(exchange: Exchange) -> None:
    """As `rolled_back`, and what came next was something that the server did not understand."""
    asked = _asked(exchange)
    asked["requests"][0]["batch"]["steps"] = [{"stmt": {"sql": "SELEC"}}]
    exchange.body = json.dumps(asked).encode()
    rolled_back(exchange)


def reported(code: str) -> Fate:
    """The server fails every step of the request with this code, and holds no transaction."""

    def fate(exchange: Exchange) -> None:
        count = len(_asked(exchange)["requests"][0]["batch"]["steps"])
        result = {
            "step_results": [None] * count,
            "step_errors": [{"message": "Something of the server's", "code": code}] * count,
        }
        responses = [
            {"type": "batch", "result": result},
            {"type": "get_autocommit", "is_autocommit": True},
        ]
        body = {"baton": None, "results": [{"type": "ok", "response": r} for r in responses]}
        answer(200, json.dumps(body).encode())(exchange)

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


def _asked(exchange: Exchange) -> dict[str, Any]:
    asked: dict[str, Any] = json.loads(exchange.body)
    return asked
