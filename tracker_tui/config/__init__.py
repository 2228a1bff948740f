"""Settings: what is configured, and where files are kept."""
