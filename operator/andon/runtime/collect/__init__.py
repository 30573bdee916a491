"""The collector: from a machine's tags to a durable log, Parquet files and aligned rows.

It reads the plant and never writes to it.

The way of a value: ``driver`` (OPC UA) -> ``records`` -> ``inbox`` (bounded) -> ``ring`` (durable) -> ``landing`` (Parquet),
``rows`` and ``labels`` (over HTTP, ``listener``). ``main`` joins them; ``link`` and ``metrics`` say how it goes. What it says to
others is in docs/wire.md.
"""
