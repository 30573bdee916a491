"""Decisions, pure: facts in, plan out. No I/O, no cluster, no clock but the one handed in.

One package per kind; each reads as an ordered chain of small named checks of which the first that answers wins (``chain``).
Start at ``deployment.rollout``.
"""
