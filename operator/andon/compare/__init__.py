"""What would become of the cluster if these files were applied? `andon diff`.

``change`` asks the API server, which keeps nothing of it; ``lost`` says which decisions and words of people would mean nothing
afterwards, and is pure.
"""
