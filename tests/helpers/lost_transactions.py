"""Ways to lose a transaction on a server, as fates of its next request."""

from __future__ import annotations

import json
from typing import Any

from helpers.proxy import Fate, ProxiedRequest, answer, cut_after, cut_before, cut_within

EXPIRED = answer(
    400, b'{"message":"The stream has expired due to inactivity","code":"STREAM_EXPIRED"}'
)


def unknown_baton(proxied: ProxiedRequest) -> None:
    """Ask the server to continue a stream that it does not know."""
    proxied.body = json.dumps({**_body_of(proxied), "baton": "unknown"}).encode()
    proxied.reply(proxied.forward())


def rolled_back(proxied: ProxiedRequest) -> None:
    """Roll the transaction back on the server without telling the client."""
    body = _body_of(proxied)
    body["requests"].insert(0, {"type": "execute", "stmt": {"sql": "ROLLBACK"}})
    proxied.body = json.dumps(body).encode()
    reply = proxied.forward()
    document = json.loads(reply.body)
    del document["results"][0]
    proxied.reply(reply._replace(body=json.dumps(document).encode()))


def rejected(proxied: ProxiedRequest) -> None:
    """The same, with a next statement that the server rejects before it runs."""
    body = _body_of(proxied)
    body["requests"][0]["batch"]["steps"] = [{"stmt": {"sql": "SELEC"}}]
    proxied.body = json.dumps(body).encode()
    rolled_back(proxied)


def reported(code: str) -> Fate:
    """Answer that every step failed with this code and no transaction is open."""

    def fate(proxied: ProxiedRequest) -> None:
        count = len(_body_of(proxied)["requests"][0]["batch"]["steps"])
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
    "response lost": cut_after,
    "half a response": cut_within,
    "stream expired": EXPIRED,
    "unknown baton": unknown_baton,
    "ended for another writer": reported("TRANSACTION_TIMEOUT"),
    "rolled back": rolled_back,
    "rejected": rejected,
    "server failed": answer(502, b"<html>Bad Gateway</html>"),
    "token expired": answer(401),
}


def _body_of(proxied: ProxiedRequest) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(proxied.body)
    return body
