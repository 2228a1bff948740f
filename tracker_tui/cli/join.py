"""`tracker-tui invite` and `join`: hand a guild's settings to a new member.

An officer runs `invite`, which prints the settings as one line of text. The member runs `join` and
pastes that line, or answers questions instead. `join` tests each answer against the database or
Discord before it stores a profile.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from tracker_tui.cli.command_setup import load_settings
from tracker_tui.cli.output import complain, say
from tracker_tui.config.settings import Secret, load_config
from tracker_tui.errors import TrackerError, UsageError
from tracker_tui.guild.invitation import (
    InvalidInvitation,
    is_code_fence,
    is_unfinished,
    read_invitation,
    summary_of,
)
from tracker_tui.guild.join import (
    CLIENT,
    TOKEN,
    URL,
    JoinProcess,
    SetupQuestion,
    TestedAnswer,
    blank_config,
    invitation_of,
    tested_token,
)
from tracker_tui.guild.membership_factory import membership_of

_TRIES: Final = 5
_WIDTH: Final = 22
_PASTE_SECONDS: Final = 0.3
"""The longest pause between two lines of one paste."""


def invite(arguments: argparse.Namespace) -> int:
    """Print the invitation to the configured guild as one line."""
    config = load_settings(arguments)
    membership = membership_of(config)
    membership.enter()
    # Raises an error about missing settings before the token is typed.
    invitation = invitation_of(config, None)
    if arguments.with_token:
        token = Secret(_read_line("Database token for members (hidden): ", is_secret=True).strip())
        if not token.reveal():
            raise UsageError("No token was given. Without one: tracker-tui invite.")
        invitation = invitation_of(config, token)
        _print_test(tested_token(config, invitation))
    say(invitation.text())
    if arguments.with_token:
        complain("This line contains the token: give it to one person, in private.")
    return 0


def join(arguments: argparse.Namespace) -> int:
    """Read an invitation or ask for each setting; test them, and store them on a yes."""
    process = JoinProcess(blank_config(load_config(os.environ)))
    profile = arguments.profile
    process.require_free(profile)
    _detect_encoding()
    is_invited = _read_invitation(process)
    for question in process.missing():
        _ask(process, question)
    if not is_invited:
        _print_summary(process.summary())
    if _read_line("Store this, and sign in next? [y/N] ").strip().lower() not in ("y", "yes"):
        raise UsageError("Nothing was stored.")
    path = process.save(profile)
    option = f" --profile {profile}" if profile else ""
    say(f"Stored in {path}. Sign in now: tracker-tui{option} login, or just tracker-tui{option}.")
    if profile is None and os.environ.get(URL):
        complain(f"{URL} is set in the environment and overrides this: unset it.")
    return 0


def _print_summary(facts: Sequence[tuple[str, str]]) -> None:
    for name, value in facts:
        _print_aside(f"{name:<{_WIDTH}} {value}")


def _read_invitation(process: JoinProcess) -> bool:
    """Read, print and test an invitation; return False if the member gave none."""
    for tries_left in reversed(range(_tries())):
        # Hidden, as it may contain a token, which should not stay on the terminal.
        text = _pasted_invitation()
        if not text.strip():
            break
        try:
            invitation = read_invitation(text)
        except InvalidInvitation as error:
            if not tries_left:
                raise
            complain(str(error))
            continue
        _print_summary(summary_of(invitation))
        process.use_invitation(invitation)
        _test_invitation(process)
        return True
    return False


def _pasted_invitation() -> str:
    """Read an invitation, which may be wrapped into several lines."""
    prompt = "Invitation (hidden; Enter to answer questions instead): "
    with _echo_off() as is_off:
        text = _read_line(prompt, is_secret=not is_off, may_be_fence=True)
        while text.strip() and is_unfinished(text) and (is_off or not sys.stdin.isatty()):
            if is_off and not _is_more_pasted():
                break
            line = sys.stdin.readline()
            if not line:
                break
            text = f"{text}\n{line}"
    if is_off:
        print(file=sys.stderr)
    return text


@contextmanager
def _echo_off() -> Iterator[bool]:
    """Hide typed text during a block; yield False if this terminal can't.

    `getpass` is no substitute: it discards what was pasted after the first line.
    """
    try:
        import termios

        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
    except (ImportError, io.UnsupportedOperation, OSError, termios.error):
        yield False
        return
    hidden = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(terminal, termios.TCSADRAIN, hidden)
    try:
        yield True
    finally:
        # Discard the rest of a paste, such as the end of a code block.
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


def _is_more_pasted() -> bool:
    from select import select

    return bool(select([sys.stdin], [], [], _PASTE_SECONDS)[0])


def _detect_encoding() -> None:
    """Read standard input as UTF-16, or UTF-8 with a byte-order mark, if it begins so."""
    stdin = sys.stdin
    if not isinstance(stdin, io.TextIOWrapper) or stdin.isatty():
        return
    begin = stdin.buffer.peek(2)[:2]
    is_utf_16 = begin in (b"\xff\xfe", b"\xfe\xff")
    stdin.reconfigure(encoding="utf-16" if is_utf_16 else "utf-8-sig", errors="replace")


def _test_invitation(process: JoinProcess) -> None:
    for setting in (URL, TOKEN, CLIENT):
        if setting in process.settings:
            _print_test(process.test(setting))


def _ask(process: JoinProcess, question: SetupQuestion) -> None:
    """Ask until an answer passes its test; raises TrackerError after the last try."""
    for tries_left in reversed(range(_tries())):
        hint = f"{question.label} ({question.example}{', hidden' if question.is_secret else ''}): "
        text = _read_line(hint, is_secret=question.is_secret)
        try:
            process.answer(question.setting, text)
            _print_test(process.test(question.setting))
        except TrackerError as error:
            process.clear(question.setting)
            if not tries_left:
                raise
            complain(str(error))
        else:
            return


def _print_test(tested: TestedAnswer) -> None:
    _print_aside(f"{'':<{_WIDTH}} {'✓' if tested.is_sure else '▲'} {tested.message}")


def _print_aside(text: str) -> None:
    # It belongs to a question; standard output is for the result.
    print(text, file=sys.stderr, flush=True)


def _tries() -> int:
    return _TRIES if sys.stdin.isatty() else 1


def _read_line(prompt: str, *, is_secret: bool = False, may_be_fence: bool = False) -> str:
    """Read one line of an answer; raises UsageError at the end of the input."""
    try:
        if is_secret and sys.stdin.isatty():
            from getpass import getpass

            return getpass(prompt, stream=None)
        print(prompt, end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        while is_code_fence(line) and not may_be_fence:
            line = sys.stdin.readline()  # the end of a code block around the invitation
    except EOFError:
        line = ""
    if not line:
        print(file=sys.stderr)
        raise UsageError("The input ended before every question was answered. Nothing was stored.")
    return line.rstrip("\n")
