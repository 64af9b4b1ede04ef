"""From a file, whatever program it comes from, to a table and the draft of its codebook."""
