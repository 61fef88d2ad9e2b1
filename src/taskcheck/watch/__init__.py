"""The loop: looks again and again, what they saw written down, told, and mended."""
