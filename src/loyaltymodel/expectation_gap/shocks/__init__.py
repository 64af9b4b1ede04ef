"""How customers respond to adverse events."""
