"""Whether something makes the link steeper or flatter."""
