"""What the cluster says now, for a person at a terminal: `andon get`, `andon tree` and `andon why`.

``standing`` says how one object is, ``family`` which objects belong together, ``tree`` what hangs on what; ``drawing`` and
``table`` put that on a terminal. They are pure. ``cluster`` reads, ``follow`` goes on reading. ``why`` is about one prediction.
Why something was decided is ``andon.explain``'s part. Nothing here writes to the cluster.
"""
