"""Groups of respondents: what differs, whether it is measured alike, and who ranks where."""
