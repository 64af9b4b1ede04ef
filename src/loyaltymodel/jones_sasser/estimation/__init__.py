"""Curves fitted to people, with their uncertainty."""
