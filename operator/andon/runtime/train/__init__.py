"""Training: landed records in, one registered version out, or a reason why not.

``main`` is the whole story in order; each other module is one step of it. Nothing here knows Kubernetes: what a Job hands over
is a file, a folder and an address (docs/wire.md, Training).
"""
