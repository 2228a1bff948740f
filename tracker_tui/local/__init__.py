"""This program's files on this machine: private to the user, shared by running programs."""
