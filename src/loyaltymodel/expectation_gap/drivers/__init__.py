"""Satisfaction explained by what drives it."""
