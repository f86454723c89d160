"""DAGs: graphs of task calls that are declared before they run."""
