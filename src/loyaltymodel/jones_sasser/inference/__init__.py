"""What is asked of a fitted curve: tests, fit, rivals, deregulation."""
