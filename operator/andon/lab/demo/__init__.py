"""The whole loop in eight acts, told as it happens on a real lab, and written to a report.

``story`` is how it is told, ``world`` what the narrator can see and do, ``line`` who gets the predictions; ``acts``, ``troubles``
and ``promotion`` are the acts, ``main`` is the command.
"""
