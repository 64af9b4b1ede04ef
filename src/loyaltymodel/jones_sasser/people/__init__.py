"""The matrix of customers: segments, warnings, advice."""
