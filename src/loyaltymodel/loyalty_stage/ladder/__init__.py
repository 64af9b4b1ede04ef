"""Whether phases are a ladder, and what takes people up it."""
