"""The tracker: answers at once, sends in order, loses nothing."""
