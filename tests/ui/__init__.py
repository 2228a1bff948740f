"""Tests of the screens, by keys alone; what they share is in conftest.py."""
