"""Tests of the command line; what they share is in conftest.py and helpers/commands.py."""
