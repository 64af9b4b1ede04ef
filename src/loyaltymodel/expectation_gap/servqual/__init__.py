"""The SERVQUAL instrument, its scores and its gaps."""
