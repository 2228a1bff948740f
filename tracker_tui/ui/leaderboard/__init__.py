"""The leaderboard screen, and one member's points."""
