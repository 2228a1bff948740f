"""The driver for libSQL servers, against a real one."""
