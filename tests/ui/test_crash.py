"""An unexpected error prints no variables, because one of them may hold a token."""

from __future__ import annotations

import pytest
from textual.screen import Screen

from tracker_tui.ui.base_app import BaseApp

TOKEN = "token-eyJhbGciOiJFZERTQSJ9"


class Faulty(Screen[None]):
    """Raises an error while a token is in a local variable."""

    def on_mount(self) -> None:
        token = TOKEN
        raise KeyError(len(token))


class FaultyApp(BaseApp):
    CSS_PATH = None

    def on_mount(self) -> None:
        self.push_screen(Faulty())


async def test_a_crash_ends_the_app_and_prints_no_variables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = FaultyApp()
    await app.run_async(headless=True)
    assert isinstance(app.crash, KeyError)
    printed = capsys.readouterr()
    assert TOKEN not in printed.out + printed.err
    assert "token" not in printed.out + printed.err
