"""The frozen nouns: what is read, what is made of it, what is found, and what is planned."""
