"""Joining a guild and leaving it, opening its database, access for members, and the doctor."""
