"""Which revision should a deployment serve now, what has become of its decisions, and what does its status say.

``facts`` is what is known, ``rollout`` the chain that answers, ``steps`` where a version is on its way, ``people`` what of their
words means nothing, ``first`` the judgement of a version that has none before it, ``decisions`` the life of a rollback,
``readiness`` what Ready says; ``plan`` puts them together.
"""
