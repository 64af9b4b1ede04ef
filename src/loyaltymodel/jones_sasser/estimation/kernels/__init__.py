"""Arithmetic of the curve: likelihoods, and the search for their maxima."""
