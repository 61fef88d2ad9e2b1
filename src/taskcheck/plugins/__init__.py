"""What plugins may bring, and how they are found and called."""
