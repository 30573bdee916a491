"""Where predictions go: each output is a reader of the log with a committed cursor; at least once, in order, never in the way.

Start with `readers`; `mqtt` and `http` are the two ways to hand predictions over. What is sent is docs/wire.md, "Outputs".
"""
