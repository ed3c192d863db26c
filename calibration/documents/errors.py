"""What cannot be made into a document."""


class DocumentError(ValueError):
    """One sentence: what is missing, or which character no font has."""
