"""The tests: the same tree as the package, and beside it suites that cut across it."""
