"""What does the evidence say of a model and of the data it feeds on, and which decisions follow.

Start at ``plan``: it reads ``faults`` (the data's track), then the two chains of the model's track, ``candidate`` and ``stable``,
then what their verdicts ask for (``asking``), what ``guards`` refuse of it, and the life of what is left (``decisions``).
``facts`` is all that is known; ``levels`` at which log e-values something is said.
"""
