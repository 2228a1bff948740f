"""Widgets of our own; messages go up, attributes come down."""
