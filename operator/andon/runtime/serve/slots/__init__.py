"""Which revisions this server holds, and on whose orders. Start with `lineup`, the heart of the server.

`control` brings orders and returns acknowledgements, from files or through `cluster`, which `access` opens; `loading` gets a
revision into memory, `golden` proves that it answers as it did where it was made, `unloadable` is why it could not.
"""
