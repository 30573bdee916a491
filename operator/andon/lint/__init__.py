"""What is wrong with the objects in a folder, before any cluster has seen them? `andon lint`.

``source`` reads files and knows where each value stands, ``shape`` holds an object against its schema and rules, ``references``
against the others, and ``sense`` asks whether it does what was meant. ``check`` puts them together. Nothing here asks a cluster.
"""
