"""What the status page shows, by the managers' heartbeats."""
