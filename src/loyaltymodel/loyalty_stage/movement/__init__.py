"""How people move between stages: chains, estimates, tests."""
