"""Between the screen and the ledger: pending changes, and the rows on screen."""
