"""The commands of `tracker-tui`, their options, and the parser for both.

`_COMMANDS` is the list of commands. To add one, add an entry there, with a function that declares
its arguments, and a module in this folder with the function that it names.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any, Final, NamedTuple, NoReturn

from tracker_tui import __version__
from tracker_tui.domain.text import is_utf8, one_line
from tracker_tui.errors import UsageError

_ANY_WIDTH = 80
_EDIT_HELP = """\
CHANGE is one of these (in quotes, as shells give the signs a meaning of their own)
  '+500'  '-20'  '=1200'       add, remove, set
  '>300'  '<300'               move to Deep Desert, to Hagga
  add 500    remove 20    set 1200    to-deep-desert 300    to-hagga 300
amounts: 2k  1.5k  1m  3*500+20      text after # is the reason: '+500 # spice run'
"""


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; `run` of the result is the command's function."""
    words = list(argv)
    for word in words:
        if not is_utf8(word):
            shown = one_line(word.encode("utf-8", "replace").decode(), 40)
            raise UsageError(f"The argument “{shown}” is not UTF-8 text. Type it in UTF-8.")
    start = _position_of_command(words)
    is_about_all = start is None or not {"-h", "--help"}.isdisjoint(words[:start])
    only = None if is_about_all else words[start or 0]
    parser, command = _parsers(only)
    if command is not None and start is not None:
        words = words[: start + 1] + command.options_first(words[start + 1 :])
    arguments = parser.parse_args(words)
    # Not with set_defaults: the command's parser would overwrite options before the command.
    arguments.profile = getattr(arguments, "profile", None)
    arguments.debug = getattr(arguments, "debug", False)
    return arguments


class _Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line, and accepts operands that begin with "-"."""

    def __init__(
        self,
        *,
        help_formatter: type[argparse.HelpFormatter] = argparse.HelpFormatter,
        **options: Any,
    ) -> None:
        # argparse formats each argument once to check it, and imports `shutil` for the width of
        # the terminal. A fixed width saves that import; help replaces the formatter.
        options["formatter_class"] = partial(argparse.HelpFormatter, width=_ANY_WIDTH)
        self._help_formatter = help_formatter
        self.known_options: dict[str, bool] = {}
        """Each option, and whether a value follows it."""
        self._operands: list[str] = []
        super().__init__(**options)
        for parent in options.get("parents", ()):
            self.known_options |= parent.known_options

    def add_argument(self, *names: str, **details: Any) -> argparse.Action:
        """Add an argument, and register it for `options_first`."""
        action = super().add_argument(*names, **details)
        self.known_options |= dict.fromkeys(action.option_strings, action.nargs != 0)
        if not action.option_strings:
            self._operands.append(action.dest)
        return action

    def options_first(self, words: Sequence[str]) -> list[str]:
        """Move known options to the front, and put "--" between them and the operands.

        RESOURCE, CHANGE and TEXT may begin with "-", and argparse would read them as options.
        """
        if not self._operands:
            return list(words)
        options: list[str] = []
        operands: list[str] = []
        remaining = iter(words)
        for word in remaining:
            name, equals, _ = word.partition("=")
            has_value = self.known_options.get(name)
            if word == "--":
                operands += remaining
            elif has_value and not equals:
                value = next(remaining, None)
                options += [word] if value is None else [f"{word}={value}"]
            elif has_value or word in self.known_options or self._is_misspelt(word):
                options.append(word)
            else:
                operands.append(word)
        return [*options, "--", *operands]

    def _is_misspelt(self, word: str) -> bool:
        # A resource's id can begin with "--", but a TEXT to search for hardly does.
        return word.startswith("--") and "resource" not in self._operands

    def format_help(self) -> str:
        self.formatter_class = self._help_formatter
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        text = " ".join(message.split())
        raise UsageError(f"{text}. See `{self.prog} --help`.")


def _parsers(only: str | None) -> tuple[_Parser, _Parser | None]:
    """Return the main parser and, if `only` names a command, the parser of that command."""
    everywhere = _Parser(add_help=False)
    everywhere.add_argument(
        "--profile", metavar="NAME", default=argparse.SUPPRESS, help="use another guild's settings"
    )
    everywhere.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show and log tracebacks"
    )
    parser = _Parser(
        prog="tracker-tui",
        description="A dashboard for the resources of a Dune: Awakening guild. "
        "Without a command it opens the dashboard.",
        parents=[everywhere],
    )
    parser.add_argument("--version", action="version", version=f"tracker-tui {__version__}")
    parser.set_defaults(run=_runner("dashboard", "open_dashboard"))
    commands = parser.add_subparsers(
        title="commands",
        metavar="COMMAND",
        prog="tracker-tui",  # else argparse formats a usage line to find it out
    )

    # Declaring the arguments of every command takes time, which `edit` saves.
    names = [only] if only in _COMMANDS else list(_COMMANDS)
    added: _Parser | None = None
    for name in names:
        command = _COMMANDS[name]
        added = commands.add_parser(
            name,
            help=command.text,
            description=command.text[0].upper() + command.text[1:] + ".",
            parents=[everywhere],
            help_formatter=argparse.RawDescriptionHelpFormatter,
        )
        added.set_defaults(run=_runner(command.module, command.function))
        command.add_arguments(added)
    return parser, added if only in _COMMANDS else None


def _no_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def _json_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _init_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plan", action="store_true", help="print the SQL and change nothing")
    parser.add_argument("--starter", action="store_true", help="add the Dune starter resources too")


def _logout_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--discard", action="store_true", help="drop pending changes")


def _invite_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--with-token", action="store_true", help="ask for a member's database token and include it"
    )


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="?", default="", metavar="TEXT", help="words to search for")
    _json_argument(parser)


def _history_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "resource", nargs="?", metavar="RESOURCE", help="an id, a name, or a part of one name"
    )
    parser.add_argument(
        "--since",
        default="all",
        metavar="PERIOD",
        help="24h, 7d, 2w or all, or days: 2026-01-01..2026-01-31, 2026-01-01.. (default: all)",
    )
    parser.add_argument(
        "--limit", default="20", metavar="N", help="how many entries, 1 to 1000 (default: 20)"
    )
    _json_argument(parser)


def _leaderboard_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--period",
        choices=["24h", "7d", "30d", "all"],
        default="7d",
        help="the last 24 hours, 7 days or 30 days, or all time (default: 7d)",
    )
    _json_argument(parser)


def _edit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EDIT_HELP
    parser.add_argument("resource", metavar="RESOURCE", help="an id, a name, or a part of one name")
    parser.add_argument("change", nargs="+", metavar="CHANGE", help="see below")
    parser.add_argument(
        "--at",
        choices=["hagga", "deep-desert"],
        default="hagga",
        help="the location (default: hagga)",
    )
    parser.add_argument("--reason", metavar="TEXT", help="the reason, at most 500 characters")
    parser.add_argument(
        "--if",
        dest="expected",
        metavar="N",
        help="set only if the quantity is N now; otherwise a conflict",
    )
    _json_argument(parser)


class _Command(NamedTuple):
    """A command: the module in this folder and its function, the help text, the arguments."""

    module: str
    function: str
    text: str
    add_arguments: Callable[[argparse.ArgumentParser], None]


_COMMANDS: Final = {
    "demo": _Command(
        "dashboard",
        "open_demo",
        "open the dashboard on a temporary database of a busy guild",
        _no_arguments,
    ),
    "init": _Command(
        "init", "init", "add the tables that the configured database lacks", _init_arguments
    ),
    "login": _Command("login", "login", "sign in with Discord", _no_arguments),
    "logout": _Command(
        "login", "logout", "sign out, at Discord and on this machine", _logout_arguments
    ),
    "whoami": _Command(
        "login", "whoami", "show who is signed in and what they may do", _no_arguments
    ),
    "list": _Command(
        "list", "list_resources", "list resources and their quantities", _list_arguments
    ),
    "history": _Command(
        "history", "history", "show who changed what, newest first", _history_arguments
    ),
    "leaderboard": _Command(
        "leaderboard", "leaderboard", "show who earned how many points", _leaderboard_arguments
    ),
    "doctor": _Command(
        "doctor", "doctor", "check what is configured, reachable and permitted", _json_argument
    ),
    "invite": _Command(
        "join", "invite", "print an invitation to the guild, in one line", _invite_arguments
    ),
    "join": _Command(
        "join", "join", "join a guild, by an invitation or by answering questions", _no_arguments
    ),
    "edit": _Command("edit", "edit", "change a quantity", _edit_arguments),
}
"""The commands, in the order of `tracker-tui --help`."""


def _runner(module: str, function: str) -> Callable[[argparse.Namespace], int]:
    """Return a function that imports the command's module when it runs, to start faster."""

    def run(arguments: argparse.Namespace) -> int:
        status: int = getattr(import_module(f"tracker_tui.cli.{module}"), function)(arguments)
        return status

    return run


def _position_of_command(argv: list[str]) -> int | None:
    skip = False
    for position, word in enumerate(argv):
        if skip:
            skip = False
        elif word == "--profile":
            skip = True
        elif not word.startswith("-"):
            return position
    return None
