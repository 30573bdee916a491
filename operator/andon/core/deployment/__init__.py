"""Which revision should a deployment serve now, what has become of its decisions, and what does its status say.

``facts`` is what is known, ``rollout`` the chain that answers, ``decisions`` the life of a rollback, ``plan`` puts them together.
"""
