"""Whether phases are a ladder, and what takes customers up it."""
