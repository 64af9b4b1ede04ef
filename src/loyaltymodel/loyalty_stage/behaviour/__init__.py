"""Loyalty seen in purchases."""
