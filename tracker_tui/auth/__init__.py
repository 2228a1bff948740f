"""Sign-in with Discord, the session on this machine, and access rights.

Only this package talks to Discord. Rights come from Discord's answers, never from the shared
database: every holder of a database token could write them there (data contract, "Signing in").
"""
