"""Pure rules of the field: no input or output, no database, no screen."""
