"""Three themes: dark, light, and one whose statuses differ for every kind of colour vision."""

from __future__ import annotations

from typing import Final

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
