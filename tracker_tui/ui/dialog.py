"""What the dialogs have in common: they lie over a screen, Esc leaves them, and they end once."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import OptionList

from tracker_tui.tracker.events import Failed, Loaded
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.base_screen import EndingScreen
from tracker_tui.ui.tracker_message import TrackerMessage

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer], EndingScreen[Answer], Generic[Answer]):
    """A dialog that ends with an answer, or with None when it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Back", id="dialog.leave"),
    ]

    def action_leave(self) -> None:
        """Go back without an answer."""
        self.dismiss(None)


class QueryDialog(Dialog[Answer]):
    """A dialog that shows what the archive answers, and reads it again after a full refresh."""

    def __init__(self, tracker: Tracker) -> None:
        super().__init__()
        self._tracker = tracker
        self._has_asked = False
        """Whether the player asked for a refresh that is not through yet."""

    @abstractmethod
    def read_everything(self) -> None:
        """Read again all that is shown: names may have been taken out."""

    def action_refresh(self) -> None:
        """Read everything again: the resources first, and then what is shown here."""
        self._has_asked = True
        self._tracker.refresh()

    @on(TrackerMessage)
    def follow(self, news: TrackerMessage) -> None:
        """Read again after a full refresh, and when one that was asked for failed."""
        event = news.event
        is_full = isinstance(event, Loaded) and event.reaches_back
        if is_full or (self._has_asked and isinstance(event, Failed)):
            self._has_asked = False
            self.read_everything()


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

    def action_page_up(self) -> None:
        """Move up by a page, where the list has room for one."""
        if has_pages(self):
            super().action_page_up()  # type: ignore[no-untyped-call]

    def action_page_down(self) -> None:
        """Move down by a page, where the list has room for one."""
        if has_pages(self):
            super().action_page_down()  # type: ignore[no-untyped-call]


def has_pages(choices: OptionList) -> bool:
    """Whether a list has room for a line; Textual looks in vain for the highlighted one else."""
    return bool(choices.scrollable_content_region)
