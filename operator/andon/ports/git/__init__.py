"""How git is told, once: an editor finds the line, a child writes the commit, a queue lands it."""
