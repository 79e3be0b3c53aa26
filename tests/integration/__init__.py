"""Real servers on the loopback interface."""
