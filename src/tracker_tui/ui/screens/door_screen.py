"""What the screens at the door have in common: they may end while another one lies over them."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual.screen import Screen

Answer = TypeVar("Answer")


class DoorScreen(Screen[Answer], Generic[Answer]):
    """Ends with an answer, or with None when it is left."""

    _ending: Answer | None = None

    def end_with(self, answer: Answer) -> None:
        """End, once nothing lies over it: `dismiss` would take that away instead."""
        if self.app.screen is self:
            self.dismiss(answer)
        else:
            self._ending = answer

    def on_screen_resume(self) -> None:
        """End now, if that was due before."""
        answer, self._ending = self._ending, None
        if answer is not None:
            self.dismiss(answer)
