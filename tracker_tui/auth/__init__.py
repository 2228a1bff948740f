"""Who somebody is and what they may do: the only place that talks to Discord.

Rights are decided from what Discord told this machine, never from the shared database, which any
holder of a token could write (data contract, "Signing in").
"""
