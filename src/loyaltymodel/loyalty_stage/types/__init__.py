"""Matrices of loyalty types, and how two classifications agree."""
