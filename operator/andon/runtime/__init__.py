"""What runs beside the plant, each part in an image of its own, unaware of the others: ``collect``, ``train``, ``serve``."""
