"""Is everything there that Andon needs, and what is to be done where it is not? `andon doctor`.

``examined`` is one answer; ``cluster``, ``rights``, ``operator``, ``services`` and ``repositories`` ask, each about one
neighbour, and ``rounds`` says in which order. Nothing here changes anything: rights are asked about, pushes are tried dry.
"""
