"""The service profit chain, across the units of a firm."""
