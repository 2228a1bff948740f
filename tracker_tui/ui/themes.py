"""The themes, and text colours that are legible in any theme.

Each of our themes has one colour for each status; `colour-safe` uses colours that people with any
kind of colour vision tell apart. Players may choose other themes too, so `with_legible_texts` and
`legible` move a text colour towards black or white until its contrast is at least 4.5 : 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual.color import BLACK, WHITE, Color
from textual.filter import LineFilter
from textual.theme import Theme

DARK: Final = Theme(
    name="arrakis-night",
    primary="#e0a458",
    secondary="#6fa8dc",
    accent="#f2c14e",
    foreground="#e8e0d5",
    background="#14120f",
    surface="#1e1b17",
    panel="#2a2620",
    success="#8fbf6b",
    warning="#e9c46a",
    error="#e76f51",
    dark=True,
    variables={
        "above": "#6fb7d6",
        "block-cursor-background": "#4a3b22",
        "footer-key-foreground": "#f2c14e",
    },
)

LIGHT: Final = Theme(
    name="arrakis-day",
    primary="#8a4b08",
    secondary="#1f5f99",
    accent="#8f4700",
    foreground="#2b2118",
    background="#fbf5ea",
    surface="#f3ead9",
    panel="#e8dcc6",
    success="#2f6b1e",
    warning="#7a5900",
    error="#b3261e",
    dark=False,
    variables={
        "above": "#14607f",
        "block-cursor-background": "#f0d39c",
        "footer-key-foreground": "#8a4b08",
    },
)

# Orange, yellow, blue and sky from the Okabe-Ito set: apart for protan, deutan and tritan eyes.
COLOUR_SAFE: Final = Theme(
    name="colour-safe",
    primary="#56b4e9",
    secondary="#cc79a7",
    accent="#f0e442",
    foreground="#f2f2f2",
    background="#101014",
    surface="#1a1a20",
    panel="#26262e",
    success="#56b4e9",
    warning="#f0e442",
    error="#e69f00",
    dark=True,
    variables={
        "above": "#ffffff",
        "block-cursor-background": "#303a52",
        "footer-key-foreground": "#f0e442",
    },
)

THEMES: Final = (DARK, LIGHT, COLOUR_SAFE)


LEAST: Final = 4.5
"""The contrast ratio that WCAG 2 asks of text (success criterion 1.4.3)."""
_STEPS: Final = 20
_DIM: Final = 0.5
_MUTED: Final = 0.35
"""How far dim and muted text is blended into the background, if it stays legible."""
_BACKGROUNDS: Final = ("background", "surface", "panel")
_TEXTS: Final = tuple(
    f"{prefix}{name}"
    for prefix in ("", "text-")
    for name in ("primary", "secondary", "accent", "success", "warning", "error")
)
_OUR_TEXTS: Final = (*_TEXTS, "foreground", "above", "footer-key-foreground")


def with_legible_texts(variables: Mapping[str, str]) -> dict[str, str]:
    """Return a theme's variables, its text colours legible on all of its backgrounds.

    ANSI colours stay as they are, because the terminal decides what they look like.
    """
    backgrounds = [Color.parse(variables[name]) for name in _BACKGROUNDS]
    plain = Color.parse(variables["foreground"])
    if any(colour.ansi is not None for colour in (plain, *backgrounds)):
        return dict(variables)
    legible = {"text-muted": _legible(plain.blend(backgrounds[0], _MUTED), backgrounds).hex}
    for name in _OUR_TEXTS:
        if name in variables:
            colour = Color.parse(variables[name])
            if colour.ansi is None and colour.a == 1 and not variables[name].startswith("auto"):
                legible[name] = _legible(colour, backgrounds).hex
    return {**variables, **legible}


@lru_cache(maxsize=1_024)
def legible(style: Style) -> Style:
    """Return the style with a text colour that is legible on its background."""
    if style.color is None or style.bgcolor is None:
        return style
    if not (style.color.triplet and style.bgcolor.triplet):
        return style
    colour, background = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
    if style.reverse:
        colour, background = background, colour
    shown = _legible(colour.blend(background, _DIM) if style.dim else colour, [background])
    if shown == colour and not style.dim:
        return style
    if style.reverse:
        return style + Style(dim=False, bgcolor=shown.rich_color)
    return style + Style(dim=False, color=shown.rich_color)


class LegibleDim(LineFilter):
    """Draws dim text fainter than other text, but legible."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Replace dim by a fainter colour, except for ANSI colours."""
        del background
        return [
            Segment(text, legible(style), control) if style and style.dim else segment
            for segment in segments
            for text, style, control in (segment,)
        ]


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio of two colours by WCAG 2, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache(maxsize=1_024)
def _luminance(colour: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004
        for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _legible(colour: Color, backgrounds: Sequence[Color]) -> Color:
    """Return the colour, or the nearest one towards black or white that is legible."""

    def least(candidate: Color) -> float:
        return min(contrast(candidate, background) for background in backgrounds)

    if least(colour) >= LEAST:
        return colour
    end = max(BLACK, WHITE, key=least)
    for step in range(1, _STEPS):
        candidate = colour.blend(end, step / _STEPS)
        if least(candidate) >= LEAST:
            return candidate
    return end
