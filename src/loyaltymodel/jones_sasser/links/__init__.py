"""How strongly satisfaction and loyalty go together, and what else does."""
