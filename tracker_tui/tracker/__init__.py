"""The tracker: the one object that the screens and the command line talk to."""
