"""What may be typed on the command line."""

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
CHANGE is one of (quote the signs, shells take them for themselves)
  '+500'  '-20'  '=1200'       add, remove, set
  '>300'  '<300'               move to Deep Desert, to Hagga
  add 500    remove 20    set 1200    to-deep-desert 300    to-hagga 300
amounts: 2k  1.5k  1m  3*500+20      what follows # is the reason: '+500 # spice run'
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
        words = words[: start + 1] + command.shielded(words[start + 1 :])
    arguments = parser.parse_args(words)
    # Not by set_defaults: a command's parser would put them over what stood before the command.
    arguments.profile = getattr(arguments, "profile", None)
    arguments.debug = getattr(arguments, "debug", False)
    return arguments


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like all others."""

    def __init__(
        self,
        *,
        help_formatter: type[argparse.HelpFormatter] = argparse.HelpFormatter,
        **options: Any,
    ) -> None:
        # argparse formats every argument it is given to check it, and imports much to find out how
        # wide the terminal is for that. Only who asks for help is to wait for it.
        options["formatter_class"] = partial(argparse.HelpFormatter, width=_ANY_WIDTH)
        self._help_formatter = help_formatter
        self.known_options: dict[str, bool] = {}
        """Each option, and whether a value follows it."""
        self._operands: list[str] = []
        super().__init__(**options)
        for parent in options.get("parents", ()):
            self.known_options |= parent.known_options

    def add_argument(self, *names: str, **details: Any) -> argparse.Action:
        """Add an argument, and remember what it is for `shielded`."""
        action = super().add_argument(*names, **details)
        self.known_options |= dict.fromkeys(action.option_strings, action.nargs != 0)
        if not action.option_strings:
            self._operands.append(action.dest)
        return action

    def shielded(self, words: Sequence[str]) -> list[str]:
        """Put known options first and a `--` behind them.

        Other words are RESOURCE, CHANGE or TEXT, whatever they begin with: ids and changes may
        begin with a `-`, which argparse would take for an option.
        """
        if not self._operands:
            return list(words)
        options: list[str] = []
        rest: list[str] = []
        left = iter(words)
        for word in left:
            name, equals, _ = word.partition("=")
            takes_value = self.known_options.get(name)
            if word == "--":
                rest += left
            elif takes_value and not equals:
                value = next(left, None)
                options += [word] if value is None else [f"{word}={value}"]
            elif takes_value or word in self.known_options or self._is_misspelt(word):
                options.append(word)
            else:
                rest.append(word)
        return [*options, "--", *rest]

    def _is_misspelt(self, word: str) -> bool:
        # A RESOURCE may be an id, which may begin so; nobody searches for a text that does.
        return word.startswith("--") and "resource" not in self._operands

    def format_help(self) -> str:
        self.formatter_class = self._help_formatter
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        text = " ".join(message.split())
        raise UsageError(f"{text}. See `{self.prog} --help`.")


def _parsers(only: str | None) -> tuple[_Parser, _Parser | None]:
    """Return the parser of all commands, or of one of them only, and that one's own."""
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

    # Who edits is not to wait until the arguments of all other commands are laid out.
    named = [only] if only in _COMMANDS else list(_COMMANDS)
    added: _Parser | None = None
    for name in named:
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


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _of_init(init: argparse.ArgumentParser) -> None:
    init.add_argument("--plan", action="store_true", help="print the SQL instead of running it")
    init.add_argument("--starter", action="store_true", help="also the Dune starter catalogue")


def _of_logout(logout: argparse.ArgumentParser) -> None:
    logout.add_argument("--discard", action="store_true", help="also drop pending changes")


def _of_invite(invite: argparse.ArgumentParser) -> None:
    invite.add_argument(
        "--with-token", action="store_true", help="also a member's database token, asked for"
    )


def _of_list(listing: argparse.ArgumentParser) -> None:
    listing.add_argument("text", nargs="?", default="", metavar="TEXT", help="words to look for")
    _json(listing)


def _of_history(history: argparse.ArgumentParser) -> None:
    history.add_argument(
        "resource", nargs="?", metavar="RESOURCE", help="an id, a name, or a part of one name"
    )
    history.add_argument(
        "--since",
        default="all",
        metavar="PERIOD",
        help="24h, 7d, 2w, all (unless told), or days: 2026-01-01..2026-01-31, 2026-01-01..",
    )
    history.add_argument(
        "--limit", default="20", metavar="N", help="how many at most: 1 to 1000, 20 unless told"
    )
    _json(history)


def _of_leaderboard(leaderboard: argparse.ArgumentParser) -> None:
    leaderboard.add_argument(
        "--period",
        choices=["24h", "7d", "30d", "all"],
        default="7d",
        help="the last 24 hours, 7 days (unless told), 30 days, or all of time",
    )
    _json(leaderboard)


def _of_edit(edit: argparse.ArgumentParser) -> None:
    edit.epilog = _EDIT_HELP
    edit.add_argument("resource", metavar="RESOURCE", help="an id, a name, or a part of one name")
    edit.add_argument("change", nargs="+", metavar="CHANGE", help="see below")
    edit.add_argument("--at", choices=["hagga", "deep-desert"], default="hagga", help="where")
    edit.add_argument("--reason", metavar="TEXT", help="why; at most 500 characters")
    edit.add_argument(
        "--if", dest="expected", metavar="N", help="set only if N is there now, else a conflict"
    )
    _json(edit)


class _Command(NamedTuple):
    """A command: where its function is, what it does, and what may be typed behind it."""

    module: str
    function: str
    text: str
    add_arguments: Callable[[argparse.ArgumentParser], None]


_COMMANDS: Final = {
    "demo": _Command(
        "dashboard", "open_demo", "open it on a throw-away database of a busy guild", _no_arguments
    ),
    "init": _Command("init", "init", "add the tables that the configured database lacks", _of_init),
    "login": _Command("login", "login", "sign in with Discord", _no_arguments),
    "logout": _Command("login", "logout", "sign out, at Discord and on this machine", _of_logout),
    "whoami": _Command(
        "login", "whoami", "say who is signed in and what they may do", _no_arguments
    ),
    "list": _Command("list", "list_resources", "list resources and their quantities", _of_list),
    "history": _Command("history", "history", "show who changed what, newest first", _of_history),
    "leaderboard": _Command(
        "leaderboard", "leaderboard", "show who earned how many points", _of_leaderboard
    ),
    "doctor": _Command("doctor", "doctor", "say what is configured, reachable, permitted", _json),
    "invite": _Command("join", "invite", "make a line that lets somebody join", _of_invite),
    "join": _Command(
        "join", "join", "join a guild, by an invitation or by answering questions", _no_arguments
    ),
    "edit": _Command("edit", "edit", "change a quantity", _of_edit),
}
"""In the order in which help lists them."""


def _runner(module: str, function: str) -> Callable[[argparse.Namespace], int]:
    """Import a command when it runs: `edit` must not pay for the dashboard."""

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
