"""Signing in and out, inviting and joining on the command line."""
