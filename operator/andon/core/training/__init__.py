"""Should a pipeline train now, and what has come of it.

``facts`` is what is known, ``plan`` the chain, ``retrain`` the life of a decision.
"""
