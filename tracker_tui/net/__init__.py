"""HTTP requests within limits, for the driver and for Discord; knows nothing of either.

`bounded_adapter` sends a request, `errors` says what can go wrong with it, `route` names the proxy
or the certificate in the way.
"""
