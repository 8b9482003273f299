"""Files that look like secrets: all that an app consists of is published, so they stay at home."""

from __future__ import annotations

import re
from pathlib import Path

_NAMES = re.compile(
    r"\.env(?:\.(?!example$|sample$|template$|dist$).+)?|[._]netrc|\.(?:pgpass|pypirc|htpasswd|git-credentials)"
    r"|id_(?:rsa|dsa|ecdsa|ed25519)|.*\.(?:p12|pfx|jks|kdbx|ppk)"
    r"|(?:credentials|client_secrets?.*|service[-_]account.*)\.json|secrets?\.(?:json|toml|ya?ml|ini|env)",
    re.IGNORECASE,
)
_KEYS = re.compile(r".*\.(?:pem|key|crt|cer|asc|txt)|[^.]+", re.IGNORECASE)
"""What may hold a private key, or only a certificate."""

_PRIVATE = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY")
_LONGEST = 1_000_000
"""Bytes up to which a file can be a key."""


def is_confidential(path: Path) -> bool:
    """Whether a file looks like a secret, by its name, or as a private key by its content."""
    if _NAMES.fullmatch(path.name):
        return True
    try:
        is_key = _KEYS.fullmatch(path.name) and path.stat().st_size < _LONGEST and _PRIVATE.search(path.read_bytes())
    except OSError:
        return False
    return bool(is_key)
