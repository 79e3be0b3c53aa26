"""The client: what is current, and what the transports send."""
