"""Arithmetic of structural models on stacks of correlation matrices."""
