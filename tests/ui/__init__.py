"""Tests of the screens, by keys alone; shared helpers are in conftest.py."""
