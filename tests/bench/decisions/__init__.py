"""How well are data, model and plant told apart? Seeded episodes with a known truth, and the engine's score on them.

`plants` has the recorded rows, `models` what is served on them, `faults` and `candidates` what goes wrong, `episodes` the
classes made of these; `score` runs the engine, `peers` what a user would do without it, `report` prints both.
"""
