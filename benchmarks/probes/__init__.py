"""What runs in processes of its own: the measuring process stays small, and quick to fork."""
