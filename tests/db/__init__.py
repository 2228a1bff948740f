"""Databases of both kinds: files, servers, schemas and layouts."""
