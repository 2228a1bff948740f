"""The shared tables as Peewee models, and databases to run queries on.

Nothing above this package knows which kind of database it talks to.
"""
