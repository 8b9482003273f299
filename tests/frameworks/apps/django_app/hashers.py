"""A password hash for a demonstration."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """PBKDF2 of a thousandth of the usual rounds."""

    iterations = 1000
