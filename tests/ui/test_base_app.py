"""What both apps share: one stylesheet, and a crash that prints no variables."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from textual.css.model import SelectorType
from textual.css.parse import parse
from textual.dom import DOMNode
from textual.screen import Screen

from tracker_tui import ui
from tracker_tui.ui.base_app import BaseApp

TOKEN = "token-eyJhbGciOiJFZERTQSJ9"


class Faulty(Screen[None]):
    def on_mount(self) -> None:
        token = TOKEN
        raise KeyError(len(token))


class FaultyApp(BaseApp):
    CSS_PATH = None

    def on_mount(self) -> None:
        self.push_screen(Faulty())


async def test_a_crash_prints_no_variables(capsys: pytest.CaptureFixture[str]) -> None:
    """One of the variables may hold a token."""
    app = FaultyApp()
    await app.run_async(headless=True)
    assert isinstance(app.crash, KeyError)
    printed = capsys.readouterr()
    assert TOKEN not in printed.out + printed.err
    assert "token" not in printed.out + printed.err


def classes_under(kind: type) -> Iterator[type]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from classes_under(subclass)


def test_every_type_in_the_stylesheet_is_a_widget() -> None:
    """A rule for a renamed class has no effect."""
    for module in pkgutil.walk_packages(ui.__path__, f"{ui.__name__}."):
        import_module(module.name)
    widgets = {kind.__name__ for kind in classes_under(DOMNode)}
    text = Path(BaseApp.CSS_PATH).read_text("utf-8")
    named = {
        selector.name
        for rules in parse("", re.sub(r"\$[\w-]+", "red", text), ("", ""))
        for selectors in rules.selector_set
        for selector in selectors.selectors
        if selector.type is SelectorType.TYPE
    }
    assert len(named) > 5
    assert named - widgets == set()
