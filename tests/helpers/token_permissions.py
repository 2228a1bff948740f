"""Emulated per-table permissions: fates that reject what a token may not do.

The server of the tests has only read-only and full tokens. It is not known for certain how Turso's
cloud rejects a statement, so both ways are emulated: for the request as a whole, and for the one
statement.
"""

from __future__ import annotations

import json
import re
from typing import Any

from helpers.proxy import Fate, ProxiedRequest, answer, pass_on

_SQL_OF = {
    "data_read": "SELECT .* FROM",
    "data_add": "INSERT INTO",
    "data_update": "UPDATE",
    "data_delete": "DELETE FROM",
}
_NOT_AUTHORIZED = {"message": "not authorized", "code": "SQLITE_AUTH"}

Statement = dict[str, Any]


def whole_request_refused(*lacking: str) -> Fate:
    """Answer 403 to a request if a statement in it needs a missing permission."""
    reject = answer(403, b'{"error":"Unauthorized: the token may not do this"}')

    def fate(proxied: ProxiedRequest) -> None:
        rejected = any(_needs(each, lacking) for each in _statements(json.loads(proxied.body)))
        (reject if rejected else pass_on)(proxied)

    return fate


def statement_refused(*lacking: str) -> Fate:
    """Fail each statement that needs a missing permission, and its batch."""

    def fate(proxied: ProxiedRequest) -> None:
        asked = json.loads(proxied.body)
        rejected = [each for each in _statements(asked) if _needs(each, lacking)]
        for statement in rejected:
            # The real server runs this failing statement, so its effects on the batch are real.
            statement |= {"sql": "SELECT rejected", "args": []}
        proxied.body = json.dumps(asked).encode()
        reply = proxied.forward()
        if rejected:
            answered = _with_reason(json.loads(reply.body))
            reply = reply._replace(body=json.dumps(answered).encode())
        proxied.reply(reply)

    return fate


BOTH_WAYS = (whole_request_refused, statement_refused)


def _statements(asked: dict[str, Any]) -> list[Statement]:
    batches = [each["batch"] for each in asked["requests"] if each["type"] == "batch"]
    return [step["stmt"] for batch in batches for step in batch["steps"]]


def _needs(statement: Statement, lacking: tuple[str, ...]) -> bool:
    return any(
        re.match(rf'{_SQL_OF[action]} "?{table}"? ', statement["sql"])
        for table, action in (permission.split(":") for permission in lacking)
    )


def _with_reason(answered: dict[str, Any]) -> dict[str, Any]:
    for result in answered["results"]:
        step_errors = result["response"].get("result", {}).get("step_errors", [])
        for position, error in enumerate(step_errors):
            if error is not None and "rejected" in error["message"]:
                step_errors[position] = _NOT_AUTHORIZED
    return answered
