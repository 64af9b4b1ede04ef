"""Published tables and zones, and what can be read from them."""
