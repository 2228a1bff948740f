"""The configuration: config.toml, environment variables, profiles and folders."""
