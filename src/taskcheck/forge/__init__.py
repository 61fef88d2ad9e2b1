"""The built-in provider of pull requests."""
