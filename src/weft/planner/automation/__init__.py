"""Automation conditions: of which partitions they hold, and what weft should therefore ask for now. Pure."""
