"""Which kind each attribute is, by Kano's pairs of questions."""
