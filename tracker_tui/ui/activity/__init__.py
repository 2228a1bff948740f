"""My activity: the player's own changes and what they add up to."""
