"""The server: refusals, bodies, streams and the middleware."""
