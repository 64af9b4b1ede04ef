"""Questionnaires: what is asked, in which words, and of which model; ready ones, and forms."""
