"""Chances to stay, their likelihood and its maximum, ends of intervals, discounted sums."""
