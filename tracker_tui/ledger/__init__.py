"""The queries on the shared tables: what is read from them, and how changes are written."""
