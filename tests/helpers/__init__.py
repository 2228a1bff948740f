"""Shared by several tests: builders, databases of other programs, processes, listeners."""
