"""The demo's plant: a real OPC UA server that replays the Tennessee Eastman process, and can be made to misbehave on command.

``recordings`` knows the files, ``replay`` which row comes next, ``sensors`` what a broken sensor shows, ``server`` the OPC UA
side, ``control`` how it is commanded; ``cli`` is ``andon lab plant``. Run it with ``python -m andon.lab.plant``.
"""
