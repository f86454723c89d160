"""Where the bodies of steps run: `inline` in the caller's own thread, `process` (the default) in warm processes."""
