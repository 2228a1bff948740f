"""Files of this program's own on this machine, which several running programs share."""
