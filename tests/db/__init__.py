"""A ledger in a SQLite file: opened without a trace, created whole or not at all."""
