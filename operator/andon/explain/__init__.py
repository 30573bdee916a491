"""Why was it decided so: a decision told to somebody who runs the plant and knows no statistics.

``case`` is what is known of a verdict; ``words``, ``stories`` and ``steps`` say it; ``explanation`` puts it together. ``page`` is
the HTML file (``plot``, ``axes``, ``drawing`` and ``strip`` are what can be seen on it), ``text`` the same for a terminal.
``find``, ``scenes`` and ``sources`` read one decision from a cluster, ``replayed`` many from the report of a replay. Nothing here
decides anything. Start with ``explanation``.
"""
