"""How close is close enough, and why."""

# Estimates against programs that stop at changes of about 1e-14: ours stop at 1e-10, and the
# iteration shrinks the error at least threefold a round, so ten digits are expected; two are
# given away to rounding in their output and in conditioning.
REFERENCE = 1e-8

# The same numbers by two ways of computing: only rounding, magnified by the conditioning of
# the regressions, may differ.
SAME = 1e-10

# A closed form or a count: rounding of a few operations.
EXACT = 1e-12
