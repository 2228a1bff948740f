"""Between the screen and the ledger: what is pending, and what is shown meanwhile."""
