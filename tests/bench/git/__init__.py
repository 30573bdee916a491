"""How soon, and how often at once, do decisions reach git while others push? Start reading at `scenes`."""
