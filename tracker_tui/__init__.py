"""A keyboard-driven terminal dashboard for the resources of Dune: Awakening guilds."""

__version__ = "0.1.0"
