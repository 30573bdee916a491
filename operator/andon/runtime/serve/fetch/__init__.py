"""From an address to a file with the digest that was asked for, kept for a start without a network. Start reading at `fetcher`.

What is in the file is not looked at here: that is `andon.runtime.serve.slots.loading`.
"""
