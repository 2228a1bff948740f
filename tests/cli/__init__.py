"""Tests of the command line; shared parts are in conftest.py and helpers/commands.py."""
