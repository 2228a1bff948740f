"""The resources screen: its table, search, filters and the quick edit."""
