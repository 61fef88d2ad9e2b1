"""What is said of the checker's own settings."""
