"""Rows that the server scores by itself, and what they are evidence of. Start with `scoring`; a portion of rows goes so:

`intake` and `labels` ask the collector, the `panel` scores, the `book` takes it in: `answered` says what consumers get, `waiting`
joins labels, `ledgers` hold the comparisons, `journal` and `store` keep all of it, `tally` tells Prometheus, `why` tells people.
"""
