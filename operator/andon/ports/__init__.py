"""The outside, a protocol and its real implementation each: cluster, events, metrics, registry, repository, webhook, clock.

What the weather does (down, slow, empty, refused) comes back as a value, ``Missing``; an exception is a bug. Time-outs are
inside, and no type of a client library leaves its module. Start at ``metrics``, the plainest.
"""
