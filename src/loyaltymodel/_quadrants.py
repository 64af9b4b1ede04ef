"""Two cut-offs, four cells: one mechanism for every matrix of the field."""
