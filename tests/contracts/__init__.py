"""Contract suites: one for each storage interface, run against every backend."""
