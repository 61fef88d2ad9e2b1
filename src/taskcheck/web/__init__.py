"""The operator's page on loopback: one thread that looks, one event loop that shows what it saw; read-only."""
