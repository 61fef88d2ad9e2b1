"""What a store is configured to be: its settings, the file that holds them, patterns of paths, who is who."""
