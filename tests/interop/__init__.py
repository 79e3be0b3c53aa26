"""Other implementations, run as processes: what they say of what is ours, and we of what is theirs."""
