"""Rival views of satisfaction and loyalty, compared on data."""
