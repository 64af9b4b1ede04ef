"""How customers move between stages: chains, estimates, tests."""
