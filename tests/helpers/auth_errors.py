"""Checks of sign-in errors: one legible sentence, and never a token."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

import pytest

from tracker_tui.auth.discord_errors import NotSignedIn
from tracker_tui.auth.session import SessionStore
from tracker_tui.errors import TrackerError

E = TypeVar("E", bound=TrackerError)
C = TypeVar("C")
LONGEST = 500


def failure_of(kind: type[E], run: Callable[[], object], secrets: Iterable[str] = ()) -> E:
    """Return the raised error of exactly this class; assert that it is fit to be shown."""
    with pytest.raises(TrackerError) as caught:
        run()
    error = caught.value
    assert type(error) is kind, repr(error)
    message = str(error)
    assert message.isprintable()
    assert message == message.strip()
    assert message.endswith(".")
    assert len(message) < LONGEST
    assert_keeps(error, secrets)
    return error


def failures_of(
    kind: type[E], run: Callable[[C], object], cases: Iterable[C], secrets: Iterable[str] = ()
) -> list[E]:
    """Return the error of each case like `failure_of`; name all cases that end differently."""
    errors, wrong = [], {}
    for case in cases:
        try:
            errors.append(failure_of(kind, partial(run, case), secrets))
        except (Exception, pytest.fail.Exception) as problem:  # noqa: BLE001 - reported below
            wrong[repr(case)[:80]] = repr(problem)
    assert wrong == {}
    return errors


def assert_keeps(error: BaseException, secrets: Iterable[str]) -> None:
    """Assert that neither an error nor its printed causes hold a secret."""
    said = everything_said(error)
    assert not [secret for secret in secrets if secret in said], said


def everything_said(error: BaseException) -> str:
    """Return all text of an error that a traceback, a log or a `repr` would show."""
    said: list[str] = []
    shown: BaseException | None = error
    while shown is not None:
        said += [str(shown), repr(shown), repr(shown.args)]
        behind = None if shown.__suppress_context__ else shown.__context__
        shown = shown.__cause__ or behind
    return "\n".join(said)


def tokens_gone(session_store: SessionStore) -> None:
    assert "gone" in str(failure_of(NotSignedIn, session_store.tokens))
