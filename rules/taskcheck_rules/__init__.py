"""The built-in rules, a plugin like anybody's."""
