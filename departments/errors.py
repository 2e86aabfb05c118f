"""How a change is refused."""


class Refused(Exception):
    """A change that may not be made. `str(refusal)` is the sentence for the person who asked for it."""


class Stale(Refused):
    """The form was made for a version that somebody has changed since."""
