"""A plan's children, from templates shipped here: YAML workloads and commit messages.

Templates come from this package only, never from a user's object. Every value passes through JSON, so nothing a user wrote can
change the shape of a document; the result is parsed and checked before anyone applies it.
"""
