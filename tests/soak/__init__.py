"""A dashboard under random keys for minutes, while others write to its server."""
