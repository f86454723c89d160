"""What the core asks of the world, one narrow protocol a file."""
