"""What the dialogs have in common: they lie over a screen, and Esc leaves them."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import OptionList

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer], Generic[Answer]):
    """A dialog that ends with an answer, or with None when it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Back", id="dialog.leave"),
    ]

    def action_leave(self) -> None:
        """Go back without an answer."""
        self.dismiss(None)


class Scroller(VerticalScroll, can_focus=True, inherit_bindings=False):
    """Text that is longer than the screen, with the keys of the table."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False, id="scroller.up"),
        Binding("down,j", "scroll_down", "Down", show=False, id="scroller.down"),
        Binding("pageup", "page_up", "Page up", show=False, id="scroller.page-up"),
        Binding("pagedown,space", "page_down", "Page down", show=False, id="scroller.page-down"),
        Binding("g,home", "scroll_home", "To the top", show=False, id="scroller.top"),
        Binding("G,end", "scroll_end", "To the bottom", show=False, id="scroller.bottom"),
    ]


class Choices(OptionList):
    """A list of options, with the keys of the table."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False, id="choices.down"),
        Binding("k", "cursor_up", "Up", show=False, id="choices.up"),
        Binding("g", "first", "To the top", show=False, id="choices.top"),
        Binding("G", "last", "To the bottom", show=False, id="choices.bottom"),
    ]
