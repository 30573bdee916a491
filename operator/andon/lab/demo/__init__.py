"""The whole loop in seven acts, told as it happens on a real lab, and written to a report.

``story`` is how it is told, ``world`` what the narrator can see and do, ``acts`` and ``troubles`` are the acts, ``main`` is the
command.
"""
