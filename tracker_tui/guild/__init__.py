"""Joining a guild, signing out of it, who may enter, and the doctor."""
