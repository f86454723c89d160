"""The planner: from the graph, what was observed, and now, to a plan with reasons. Pure.

`evaluation` finds out where each partition stands; `planning` makes a plan of that, `causes` says why, `standing`
gives statuses.
"""
