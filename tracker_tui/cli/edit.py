"""`tracker-tui edit`: one change, for hotkeys and macro pads."""

from __future__ import annotations

import argparse
from time import monotonic
from typing import Final, NoReturn

from tracker_tui.cli.local_warnings import configured, tell_notices
from tracker_tui.cli.output import complain, say
from tracker_tui.domain.change import Outcome, Verdict
from tracker_tui.domain.change_syntax import (
    WORDS,
    ChangeSyntaxError,
    TypedChange,
    parse_change,
    parse_reason,
)
from tracker_tui.domain.messages import outcome_sentence
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.domain.text import one_line
from tracker_tui.errors import LocalFileError, OutputError, ReaderGone, UsageError
from tracker_tui.tracker.tracker import Tracker

_PATIENCE_SECONDS: Final = 2.7
"""Of the 3 s that are promised; to start and to end takes the rest."""


def edit(arguments: argparse.Namespace) -> int:
    """Apply one change; 0 when the ledger has it or the outbox keeps it, 1 when it was refused."""
    typed = _typed_change(arguments)
    expected = _expected(arguments.expected, typed)
    until = monotonic() + _PATIENCE_SECONDS
    config = configured(arguments)._replace(until=until)
    try:
        tracker = Tracker(config)
        tell_notices(tracker)
        try:
            change = tracker.change(arguments.resource, typed, Location(arguments.at), seen=None)
            outcome = tracker.edit(change._replace(expected=expected)).result()
        finally:
            tracker.close()
            tell_notices(tracker)
    except LocalFileError as error:
        # From the outbox on, where it is kept, nothing of this machine's files ends it.
        message = f"{error} Nothing was changed, and nothing is queued."
        raise LocalFileError(message) from error
    status = 0 if outcome.is_in_history or outcome.verdict is Verdict.QUEUED else 1
    try:
        _report(outcome, tracker, as_json=arguments.json)
    # The status is of the change: a script that read 1 would make it once more.
    except ReaderGone:
        return status
    except OutputError as error:
        complain(f"{error} The change itself is {outcome.verdict.value}.")
    return status


def _report(outcome: Outcome, tracker: Tracker, *, as_json: bool) -> None:
    message = outcome_sentence(outcome, tracker.places)
    if as_json:
        from tracker_tui.cli.json_documents import edit_document, print_document

        who = outcome.resource.updated_by if outcome.resource else ""
        print_document(edit_document(outcome, message, tracker.name_of(who)))
    elif outcome.is_in_history or outcome.verdict is Verdict.QUEUED:
        say(message)
    else:
        complain(message)


def _typed_change(arguments: argparse.Namespace) -> TypedChange:
    first, _, rest = " ".join(arguments.change).strip().partition(" ")
    text = f"{WORDS.get(first, first)} {rest}".strip()
    try:
        typed = parse_change(text)
    except ChangeSyntaxError as error:
        _point_at(text, error)
    if arguments.reason is None:
        return typed
    if typed.reason is not None:
        raise UsageError("Give the reason once: after #, or with --reason.")
    try:
        return typed._replace(reason=parse_reason(arguments.reason))
    except ChangeSyntaxError as error:
        message = f"--reason: {error.message}."
        raise UsageError(message) from error


def _point_at(text: str, error: ChangeSyntaxError) -> NoReturn:
    column = error.column + 1
    message = f"“{one_line(text, 80)}” is no change: {error.message} (column {column})."
    raise UsageError(message) from error


def _expected(text: str | None, typed: TypedChange) -> int | None:
    if text is None:
        return None
    if typed.kind is not Kind.SET:
        raise UsageError("--if goes with an absolute change only, such as '=1200'.")
    # Older websites let quantities fall below 0, so such a one may be there.
    digits = text.strip().removeprefix("-")
    try:
        return parse_change(f"={digits}").amount * (1 if digits == text.strip() else -1)
    except ChangeSyntaxError as error:
        message = f"--if takes a quantity, not “{one_line(text, 40)}”."
        raise UsageError(message) from error
