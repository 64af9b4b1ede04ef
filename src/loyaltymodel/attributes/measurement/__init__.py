"""Satisfaction reported directly: shares, indices, problems, benefits."""
