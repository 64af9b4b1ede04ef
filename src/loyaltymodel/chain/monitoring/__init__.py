"""Satisfaction over waves: its index and changes, rules of alarm, and the same customers over time."""
