"""Why can a container not start yet?"""


class NotYet(Exception):  # noqa: N818  not an error: the world may still change
    """A reason and a message for `state.waiting`; what raised it is tried again.

    later: the reason shown from the second attempt on.
    """

    def __init__(self, reason: str, message: str, *, later: str | None = None) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason, self.message, self.later = reason, message, later or reason
