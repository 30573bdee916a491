"""What does the evidence say of a model and of the data it feeds on, and which decisions follow.

``facts`` is what is known, ``verdict`` the model's chain, ``faults`` the data's track beside it, ``decisions`` their life,
``plan`` puts them together.
"""
