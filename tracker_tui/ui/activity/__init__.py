"""The screen of what you did yourself."""
