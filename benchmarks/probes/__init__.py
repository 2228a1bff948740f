"""Programs that measure in their own process, so that the benchmark stays quick to fork."""
