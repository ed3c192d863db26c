"""What the register says no with."""


class RegisterError(Exception):
    """Something that cannot be done, or a folder that cannot be used; one sentence for a person."""
