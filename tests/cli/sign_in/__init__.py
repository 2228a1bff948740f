"""Signing in, out, inviting and joining, as a person meets them on the command line."""
