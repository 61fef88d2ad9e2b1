"""What branches and root say of one task."""
