"""Curves fitted to customers, with their uncertainty."""
