"""What waits before it runs: the queue, the limits and pools that hold it, and who takes from it."""
