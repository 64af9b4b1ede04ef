"""What a structural model says of people whom it has not seen."""
