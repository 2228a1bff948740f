"""`tracker-tui edit`: apply one change, from a script, a hotkey or a macro pad.

The change is in the outbox before anything is sent. If the database does not confirm it within
3 s, the command ends with status 0 and "queued", and the next run sends it.
"""

from __future__ import annotations

import argparse
from time import monotonic
from typing import Any

from tracker_tui.cli.command_setup import load_settings, print_local_warnings
from tracker_tui.cli.output import complain, print_json, resource_document, say
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


def edit(arguments: argparse.Namespace) -> int:
    """Apply one change; return 0 if it is applied or queued, 1 if rejected or in conflict."""
    typed = _typed_change(arguments)
    expected = _expected_quantity(arguments.expected, typed)
    start = monotonic()
    config = load_settings(arguments)
    config = config._replace(until=start + config.timeouts.edit)
    try:
        tracker = Tracker(config)
        print_local_warnings(tracker)
        try:
            change = tracker.change(arguments.resource, typed, Location(arguments.at), seen=None)
            outcome = tracker.edit(change._replace(expected=expected)).result()
        finally:
            tracker.close()
            print_local_warnings(tracker)
    except LocalFileError as error:
        # Raised only before the change is in the outbox: later faults of files end nothing.
        message = f"{error} Nothing was changed, and nothing is queued."
        raise LocalFileError(message) from error
    status = 0 if outcome.is_in_history or outcome.verdict is Verdict.QUEUED else 1
    try:
        _print_outcome(outcome, tracker, as_json=arguments.json)
    # The status tells about the change, whatever became of the output: a script that read 1 would
    # repeat an applied change.
    except ReaderGone:
        return status
    except OutputError as error:
        complain(f"{error} The change itself is {outcome.verdict.value}.")
    return status


def _print_outcome(outcome: Outcome, tracker: Tracker, *, as_json: bool) -> None:
    message = outcome_sentence(outcome, tracker.places)
    if as_json:
        updated_by = outcome.resource.updated_by if outcome.resource else ""
        print_json(edit_document(outcome, message, tracker.name_of(updated_by)))
    elif outcome.is_in_history or outcome.verdict is Verdict.QUEUED:
        say(message)
    else:
        complain(message)


def edit_document(outcome: Outcome, message: str, updated_by: str) -> dict[str, Any]:
    """Return the JSON document of an edit (README, "JSON")."""
    moved = outcome.moved
    resource = outcome.resource
    return {
        "change_id": outcome.change.id,
        "outcome": outcome.verdict.value,
        "message": message,
        "points": moved.points.final if moved else 0.0,
        "resource": resource_document(resource, updated_by) if resource else None,
        "previous": (
            {"hagga": moved.hagga_before, "deep_desert": moved.deep_desert_before}
            if moved
            else None
        ),
    }


def _typed_change(arguments: argparse.Namespace) -> TypedChange:
    """Parse CHANGE and --reason; raises UsageError with the column of the fault."""
    first, _, rest = " ".join(arguments.change).strip().partition(" ")
    text = f"{WORDS.get(first, first)} {rest}".strip()
    try:
        typed = parse_change(text)
    except ChangeSyntaxError as error:
        fault = f"{error.message} (column {error.column + 1})"
        message = f"“{one_line(text, 80)}” isn't a change: {fault}."
        raise UsageError(message) from error
    if arguments.reason is None:
        return typed
    if typed.reason is not None:
        raise UsageError("Give the reason once: after #, or with --reason.")
    try:
        return typed._replace(reason=parse_reason(arguments.reason))
    except ChangeSyntaxError as error:
        message = f"--reason: {error.message}."
        raise UsageError(message) from error


def _expected_quantity(text: str | None, typed: TypedChange) -> int | None:
    """Parse --if; it may be negative, as older websites let quantities fall below 0."""
    if text is None:
        return None
    if typed.kind is not Kind.SET:
        raise UsageError("--if works only when you set a quantity, such as '=1200'.")
    digits = text.strip().removeprefix("-")
    try:
        return parse_change(f"={digits}").amount * (1 if digits == text.strip() else -1)
    except ChangeSyntaxError as error:
        message = f"--if needs a quantity, not “{one_line(text, 40)}”."
        raise UsageError(message) from error
