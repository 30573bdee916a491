"""The four kinds as pydantic models: the one truth for the CRDs, the docs, the operator and the runtimes.

What a user may write is here and nowhere else; nothing here reads, writes or decides. Start at ``deployment``; ``types`` has
the scalars and ``conditions`` what a status says.
"""

GROUP = "andon.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
