"""One function a verb: plan, apply, status, rollback, accept … over a `World`.

Surfaces parse, call these, and render.
"""
