"""Joining a guild in the dashboard."""
