"""The private parts of Textual that tests use. No other file in tests uses any.

`tests/test_privates.py` checks that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from textual._context import active_app
from textual._styles_cache import StylesCache
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.strip import Strip
from textual.widget import Widget


def screen_strips(app: App[Any]) -> list[Strip]:
    """Return the screen's lines as sent to the terminal, styles included."""
    # The public API only draws an SVG, or one widget without the widgets above it.
    return app.screen._compositor.render_strips()


def make_active(app: App[Any]) -> None:
    """Let the calling task speak to this app, in a test with several."""
    # `run_test` does so for the app that was opened last.
    active_app.set(app)


def styles_cache(widget: Widget) -> StylesCache:
    """Return what a widget has drawn."""
    # It should be freed with its widget, and no public attribute leads to it.
    return widget._styles_cache


@contextmanager
def removed_but_drawn(widget: Widget) -> Iterator[None]:
    """Take a widget out of the tree, but not off the screen, as while a screen is rebuilt."""
    # `remove` draws the screen again as soon as the app is idle.
    parent, widget._parent = widget._parent, None
    yield
    widget._parent = parent


def forget_parsed_keys() -> None:
    """Free the app of a test that has ended."""
    # This cache keeps parsers alive, and through them the app.
    XTermParser._parse_extended_key.cache_clear()
