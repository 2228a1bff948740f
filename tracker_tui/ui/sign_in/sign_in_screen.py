"""What the screens at the door have in common: they may end while another one lies over them."""

from __future__ import annotations

from typing import Generic, TypeVar

from tracker_tui.ui.base_screen import EndingScreen

Answer = TypeVar("Answer")


class SignInBaseScreen(EndingScreen[Answer], Generic[Answer]):
    """Ends with an answer, or with None when it is left."""

    def end_with(self, answer: Answer) -> None:
        """End, once nothing lies over it."""
        self.dismiss(answer)
