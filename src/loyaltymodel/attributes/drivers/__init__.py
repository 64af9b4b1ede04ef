"""Which attributes drive satisfaction, and what to mend first."""
