"""What the numbers mean: rows, profiles and evidence, in numpy alone, shared by training, serving and replay.

Nothing here reads or writes: rows and state come in and go out as values. Start at `ledger`, which says what scored rows are
evidence of; `betting` is how evidence is counted, `profile` what it is held against, `align` how records become rows.
"""
