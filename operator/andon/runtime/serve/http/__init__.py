"""HTTP/1.1, and what each address answers. `connection` makes requests of bytes, `routes` answers, `listener` has the sockets.

`request` says what one request and one answer are, `encoding` compresses them, `pages` are what can be read of scored rows.
"""
