"""`python -m andon.cli` is `andon`."""

from andon.cli import main

main()
