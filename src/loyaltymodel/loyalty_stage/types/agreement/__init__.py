"""How far two sortings of the same customers agree."""
