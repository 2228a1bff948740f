"""What a change does to the shared tables, rule by rule (data contract)."""
