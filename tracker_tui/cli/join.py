"""`tracker-tui invite` and `join`: a guild's settings, from an officer to a member."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from tracker_tui.cli.local_warnings import configured
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
"""How long the next line of one paste may take."""


def invite(arguments: argparse.Namespace) -> int:
    """Print the invitation to the configured guild, in one line."""
    config = configured(arguments)
    membership = membership_of(config)
    membership.enter()
    # What is missing is told before a token is asked for.
    invitation = invitation_of(config, None)
    if arguments.with_token:
        token = Secret(_asked("A member's database token, hidden: ", is_secret=True).strip())
        if not token.reveal():
            raise UsageError("No token was given. Without one: tracker-tui invite.")
        invitation = invitation_of(config, token)
        _tell(tested_token(config, invitation))
    say(invitation.text())
    if arguments.with_token:
        complain("Whoever has this line has the token: hand it to one person, in private.")
    return 0


def join(arguments: argparse.Namespace) -> int:
    """Read an invitation, or ask for what is in one; keep it once it was tested and agreed to."""
    joining = JoinProcess(blank_config(load_config(os.environ)))
    profile = arguments.profile
    joining.require_free(profile)
    _detect_encoding()
    is_invited = _take_invitation(joining)
    for question in joining.missing():
        _ask(joining, question)
    if not is_invited:
        _show(joining.summary())
    if _asked("Keep this, and sign in next? [y/N] ").strip().lower() not in ("y", "yes"):
        raise UsageError("Nothing was kept.")
    path = joining.save(profile)
    option = f" --profile {profile}" if profile else ""
    say(f"Kept in {path}. Sign in now: tracker-tui{option} login, or just tracker-tui{option}.")
    if profile is None and os.environ.get(URL):
        complain(f"{URL} is set in the environment and goes before: unset it.")
    return 0


def _show(facts: Sequence[tuple[str, str]]) -> None:
    for name, value in facts:
        _print(f"{name:<{_WIDTH}} {value}")


def _take_invitation(joining: JoinProcess) -> bool:
    """Take an invitation, and show what it holds; returns whether there was one."""
    for tries_left in reversed(range(_tries())):
        # It may hold a token, which no terminal should keep in its history.
        text = _invitation()
        if not text.strip():
            break
        try:
            invitation = read_invitation(text)
        except InvalidInvitation as error:
            if not tries_left:
                raise
            complain(str(error))
            continue
        _show(summary_of(invitation))
        joining.use_invitation(invitation)
        _test_what_came(joining)
        return True
    return False


def _invitation() -> str:
    """Return an answer that may be wrapped into several lines."""
    prompt = "Invitation, hidden (Enter to be asked instead): "
    with _echo_off() as is_off:
        text = _asked(prompt, is_secret=not is_off, may_be_fence=True)
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
    """Hide what is typed for as long as a block runs; yields whether that is possible here.

    `getpass` throws away what was pasted behind the first line.
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
        # What is left of a paste, such as the end of a code block, answers no question.
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


def _is_more_pasted() -> bool:
    from select import select

    return bool(select([sys.stdin], [], [], _PASTE_SECONDS)[0])


def _detect_encoding() -> None:
    """Read a file that was saved as UTF-16, or with a byte-order mark, as what it is."""
    stdin = sys.stdin
    if not isinstance(stdin, io.TextIOWrapper) or stdin.isatty():
        return
    begin = stdin.buffer.peek(2)[:2]
    is_utf_16 = begin in (b"\xff\xfe", b"\xfe\xff")
    stdin.reconfigure(encoding="utf-16" if is_utf_16 else "utf-8-sig", errors="replace")


def _test_what_came(joining: JoinProcess) -> None:
    for setting in (URL, TOKEN, CLIENT):
        if setting in joining.settings:
            _tell(joining.test(setting))


def _ask(joining: JoinProcess, question: SetupQuestion) -> None:
    """Ask until an answer holds; raises TrackerError where nobody can be asked again."""
    for tries_left in reversed(range(_tries())):
        hint = f"{question.label} ({question.example}{', hidden' if question.is_secret else ''}): "
        text = _asked(hint, is_secret=question.is_secret)
        try:
            joining.answer(question.setting, text)
            _tell(joining.test(question.setting))
        except TrackerError as error:
            joining.clear(question.setting)
            if not tries_left:
                raise
            complain(str(error))
        else:
            return


def _tell(tested: TestedAnswer) -> None:
    _print(f"{'':<{_WIDTH}} {'✓' if tested.is_sure else '▲'} {tested.message}")


def _print(text: str) -> None:
    # It goes with a question; a result is read from standard output.
    print(text, file=sys.stderr, flush=True)


def _tries() -> int:
    return _TRIES if sys.stdin.isatty() else 1


def _asked(prompt: str, *, is_secret: bool = False, may_be_fence: bool = False) -> str:
    """Return one line of an answer; raises UsageError where there is none."""
    try:
        if is_secret and sys.stdin.isatty():
            from getpass import getpass

            return getpass(prompt, stream=None)
        print(prompt, end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        while is_code_fence(line) and not may_be_fence:
            line = sys.stdin.readline()  # the end of what the invitation stood in
    except EOFError:
        line = ""
    if not line:
        print(file=sys.stderr)
        raise UsageError("Nothing more was answered, and nothing was kept.")
    return line.rstrip("\n")
