"""Find secrets in what a command printed and stored."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from cli.sign_in.member_guild import config_file
from helpers.commands import Ran

_PIECE = 12
"""Characters; a part of a secret of this length counts as a leak."""


def pieces(text: str) -> set[str]:
    return {text[start : start + _PIECE] for start in range(len(text) - _PIECE + 1)}


def everything_kept(home: Path) -> Iterator[tuple[Path, str]]:
    """Yield each path with its name and contents; stores are binary but contain texts."""
    for path in home.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        yield path, f"{path.name}\n{content.decode('utf-8', 'replace')}"


def assert_kept(ran: Ran, home: Path, secrets: Sequence[str], tokens: Sequence[str] = ()) -> None:
    """Assert that no piece of a secret was printed, or stored where it does not belong.

    `tokens` are a session's secrets, which its file may contain.
    """
    hidden, of_session = (set[str]().union(*map(pieces, each)) for each in (secrets, tokens))
    assert pieces(ran.out + ran.err).isdisjoint(hidden | of_session), "printed"
    for path, text in everything_kept(home):
        if path == config_file(home):
            continue  # `join` wrote it; other tests check its permissions
        is_session = path.parent.name == "sessions"
        leaked = pieces(text) & (hidden if is_session else hidden | of_session)
        assert not leaked, f"kept in {path}"
        if any(token in text for token in tokens):
            assert_private(path)


def assert_private(path: Path) -> None:
    if sys.platform != "win32":
        modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)]
        assert modes == [0o600, 0o700]
