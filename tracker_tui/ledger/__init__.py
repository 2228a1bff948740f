"""Queries on the shared tables: applying changes, refreshing, history, points and members."""
