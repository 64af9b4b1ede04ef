"""Complaints: how many stay silent, what handling is worth, and how it is done."""
