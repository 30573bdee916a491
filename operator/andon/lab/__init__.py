"""A whole plant on one machine: a real Kubernetes, nodes, registry, metrics, git and a plant, as processes without root.

Nothing here ships to a plant. Start reading at ``lab`` (which components there are), then ``crew`` (how they are joined).
"""
