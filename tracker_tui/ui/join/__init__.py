"""Joining a guild."""
