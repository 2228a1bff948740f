"""The shared tables as Peewee models, and the databases that run queries on them.

The packages above do not know whether a database is a SQLite file or on a server.
"""
