project = "Empty"
copyright = author = "The tests"
extensions = ["sphinx_asgi_live", "myst_parser"]
myst_enable_extensions = ["colon_fence"]
html_theme = "basic"
exclude_patterns = ["_build", "shared-*"]
# Images take seconds, and have tests of their own.
asgi_live_snapshot = "off"
