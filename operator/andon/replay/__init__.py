"""What would a policy have done on recorded rows? The code that judges in production, fed from files, in the rows' own time.

Nothing of judging lives here: `stats` makes evidence of rows and `core` makes decisions of evidence, as in serving and in the
operator. Here files become rows (`columns`, `recording`, `labels`), and the objects around a decision are played (`scene`).
Start at `replay`, which is the loop; `reference` is `andon profile`.
"""
