"""Managing loyalty: programmes and their effect, what customers go by, the customer database."""
