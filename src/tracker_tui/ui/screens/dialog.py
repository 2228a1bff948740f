"""What the dialogs have in common: they lie over a screen, and Esc leaves them."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer], Generic[Answer]):
    """A dialog that ends with an answer, or with None when it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Back", id="dialog.leave"),
    ]

    def action_leave(self) -> None:
        """Go back without an answer."""
        self.dismiss(None)
