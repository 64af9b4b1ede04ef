"""Arithmetic of the cusp: its states, its density and its likelihood."""
