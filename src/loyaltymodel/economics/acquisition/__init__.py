"""What is spent on winning customers, against what is spent on keeping them."""
