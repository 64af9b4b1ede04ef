"""Whether an outcome falls and rises again."""
