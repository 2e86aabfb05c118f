"""Real servers for the tests: each in a directory of its own, on a free port, stopped at the end whatever happens."""
