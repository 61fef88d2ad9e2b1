"""Who works where, by the managers' registers."""
