"""The history screen: its table, filters, single entries and the export."""
