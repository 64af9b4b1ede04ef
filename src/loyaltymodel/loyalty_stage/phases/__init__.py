"""Oliver's four phases, and the practice of loyalty."""
