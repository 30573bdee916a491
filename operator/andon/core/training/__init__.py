"""Should a pipeline train now, and what has come of it."""
