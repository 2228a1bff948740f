"""Signing in, rights, and switching guilds."""
