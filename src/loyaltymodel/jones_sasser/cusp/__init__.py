"""The cusp catastrophe of satisfaction and constraint."""
