"""The loops: the driver of a run, who owns it, and what is left to do when an owner died."""
