"""The ledger's rules, one by one (data contract)."""
