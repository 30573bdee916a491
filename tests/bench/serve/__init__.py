"""How fast, how small and how steady is `andon serve`, beside what others serve the same ONNX files with?

One core serves, another asks; every server is asked the same by the same program, in turns. Start at `run`; `contenders` says who
takes part, `cases` what is asked, `rounds` measures that, `flips` and `evidence` what only Andon does, `report` judges.
"""
