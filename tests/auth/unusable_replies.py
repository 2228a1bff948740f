"""Bodies of replies that `Discord` must not accept."""

from __future__ import annotations

from typing import Final

DEEP: Final = b"[" * 100_000
DAMAGED: Final = (b"", b"<html>Welcome</html>", b"null", b"5", b'"id"', b"[]", b"{}", DEEP)
NOT_TOKENS: Final = (
    *DAMAGED,
    *(b'{"refresh_token": "refresh-1", "expires_in": 604800}', b'{"error": "invalid_grant"}'),
    *(b'{"access_token": null}', b'{"access_token": 5}', b'{"access_token": ["access-1"]}'),
    *(b'{"access_token": "access\\n-1"}', b'{"access_token": "access -1"}'),
    *(b'{"access_token": "acc\\u00e9ss-1"}', b'{"access_token": "access-1\\ud800"}'),
    *(b'{"access_token": "access-1\xff"}', b'{"access_token": "", "refresh_token": "refresh-1"}'),
    b'{"access_token": "access-1", "refresh_token": 5}',
    b'{"access_token": "a", "refresh_token": "refresh\\r\\n"}',
    *(
        b'{"access_token": "access-1", "expires_in": %b}' % lifetime
        for lifetime in (b'"soon"', b"[]", b"NaN", b'"nan"', b"1e400", b"1" + b"0" * 400)
    ),
    *(b'{"access_token": "access-1", "scope": 5}', b'{"access_token": "access-1", "refr'),
    b'{"access_token": ' + b"[" * 50_000,
    b"access_token=access-1&refresh_token=refresh-1",
)
NOBODY: Final = (
    *DAMAGED,
    *(b'{"id": "1", "username": "pa', b'{"id": "1", "username": "pa\xff"}'),
    b'{"id": "1", "username": "pa\\ud800"}',
    # Deep in a field that is never read.
    b'{"id": "1", "username": "p", "z": ' + DEEP,
    *(b'{"id": 80351110224678912, "username": "paul"}', b'{"username": "paul"}', b'{"id": "1"}'),
    *(b'{"id": "1", "username": null}', b'{"id": "1", "username": "paul", "global_name": 5}'),
    *(b'{"id": "1", "username": "paul", "avatar": []}', b'{"id": "", "username": "paul"}'),
    b'{"id": "paul", "username": "paul"}',
    '{"id": "\u0661\u0662", "username": "paul"}'.encode(),
    *(b'{"id": "-1", "username": "paul"}', b'{"id": "1/../2", "username": "paul"}'),
)
NO_MEMBER: Final = (
    *DAMAGED,
    *(b'{"roles": null}', b'{"roles": "1001"}', b'{"roles": [1001]}'),
    *(b'{"roles": ["1001", null]}', b'{"roles": {"1001": true}}', b'{"roles": [], "nick": 5}'),
    b'{"roles": ' + DEEP,
)
