"""What every request over the network shares, whoever sends it; knows nothing of the rest."""
