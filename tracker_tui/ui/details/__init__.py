"""The details of one resource."""
