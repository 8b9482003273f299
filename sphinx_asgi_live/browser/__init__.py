"""Python that runs in the service worker; standard library only, and host-tested but for `bridge`."""
