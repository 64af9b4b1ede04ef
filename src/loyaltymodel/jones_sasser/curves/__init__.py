"""Curves of loyalty and indices of constraint, as formulas."""
