"""The one error of the wire: a value or a piece of text that the protocol cannot carry."""


class WireError(ValueError):
    """What was asked for cannot be written, or what came cannot be read; the text says what was expected."""
