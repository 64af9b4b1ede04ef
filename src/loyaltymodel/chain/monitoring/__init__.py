"""Satisfaction over waves: index and changes, rules of alarm, the same customers over time."""
