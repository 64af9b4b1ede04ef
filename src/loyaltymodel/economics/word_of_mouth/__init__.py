"""Who speaks of the firm, how many are told, and how far it spreads."""
