"""What learners fill in."""
