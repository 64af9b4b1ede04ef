"""Models of retention where losses are seen, by how customers differ in their churn."""
