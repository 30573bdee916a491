"""The whole loop in six acts, told as it happens on a real lab, and written to a report.

``story`` is how it is told, ``world`` what the narrator can see and do, ``acts`` the six acts, ``main`` the command.
"""
