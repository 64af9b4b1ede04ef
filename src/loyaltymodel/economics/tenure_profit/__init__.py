"""Profit of a customer by length of the relationship: its parts, and whether it rises at all."""
