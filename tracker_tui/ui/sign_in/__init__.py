"""Signing in with Discord, before the dashboard opens."""
