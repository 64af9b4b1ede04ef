"""The matrix of people: segments, warnings, advice."""
