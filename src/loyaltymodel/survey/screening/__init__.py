"""Who answered without care, and which items tell little: looked for, never deleted."""
