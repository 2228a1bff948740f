"""Styles of a widget's parts, as they look on what they are drawn on."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget


def component_style(widget: Widget, name: str) -> Style:
    """Return what a component class sets, to be laid over the style of a row.

    Textual's own partial style takes `auto` colours such as $text-muted for white, whatever the
    background is; here they are resolved against it.
    """
    partial = widget.get_component_rich_style(name, partial=True)
    whole = widget.get_component_rich_style(name)
    resolved = Style(
        color=None if partial.color is None else whole.color,
        bgcolor=None if partial.bgcolor is None else whole.bgcolor,
    )
    return partial + resolved
