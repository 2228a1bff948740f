"""What several tests share: builders, databases as met in the wild, processes, listeners."""
