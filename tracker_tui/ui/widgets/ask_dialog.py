"""A question that is answered with one of two choices; the one that does no harm comes first."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tracker_tui.ui.dialog import Choices, Dialog, Scroller


class AskDialog(Dialog[bool]):
    """Ends with True where somebody chose to do it."""

    def __init__(self, question: str, told: str, do: str, leave: str, about: str = "") -> None:
        """Ask about something; all of it is plain text, `do` and `leave` are the choices."""
        super().__init__()
        self._about = about
        self._question, self._told, self._do, self._leave = question, told, do, leave

    def compose(self) -> ComposeResult:
        """Lay out the question."""
        with Vertical(classes="dialog wide"):
            yield Static(self._question, classes="dialog-title", markup=False)
            if self._about:
                yield Static(self._about, markup=False)
            with Scroller(classes="question"):
                yield Static(self._told, classes="dialog-text", markup=False)
            yield Choices(Option(self._leave), Option(self._do, id="do"), markup=False)
            yield Static("enter choose   esc back", classes="dialog-keys")

    def on_mount(self) -> None:
        """Begin with the choice that does no harm."""
        self.set_focus(self.query_one(Choices))

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id == "do")
