"""What people and programs use: each parses, calls a service and renders; none has rules of its own."""
