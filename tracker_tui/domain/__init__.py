"""The rules of the data contract and of the player's screen: pure, without input or output."""
