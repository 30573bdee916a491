"""Why is one prediction as it is, and where does it come from?

``moment`` reads which one is meant, ``sources`` asks the server, the cluster and the registry, ``answer`` puts together what they
say, and ``drawing`` puts it on a terminal.
"""
