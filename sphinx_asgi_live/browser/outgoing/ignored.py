"""Settings of clients that have no effect here, because the browser decides: each is told once, at its place."""

from __future__ import annotations

import warnings


def proxy(address: object) -> None:
    """Tell that a proxy is not used."""
    warnings.warn(
        f"The proxy {address} is not used: requests go through the browser, which has a proxy of its own or none.",
        stacklevel=4,
    )


def certificates() -> None:
    """Tell that it is not the app who says which certificates are good."""
    warnings.warn("The browser checks certificates, whatever `verify` and `cert` say.", stacklevel=4)
