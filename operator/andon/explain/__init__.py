"""Why was it decided so: a decision told to somebody who runs the plant and knows no statistics.

``case`` is what is known of a verdict, ``words`` how each question, check and refusal is said, ``explanation`` the two together.
``plot`` and ``timeline`` are what can be seen, ``page`` the HTML file, ``text`` the same for a terminal, ``sources`` where it is
read from. Nothing here decides anything. Start with ``explanation``.
"""
