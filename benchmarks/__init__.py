"""How long things take, each against something plain that is measured in the same run."""
