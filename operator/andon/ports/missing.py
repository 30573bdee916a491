"""Why a port has no answer, under the name that ports use; the words are in ``andon.api.missing``, where ``core`` reads them."""

from andon.api.missing import Missing, MissingReason

__all__ = ["Missing", "MissingReason"]
