"""Responses to delivered value: loyalty, and what covariates shift."""
