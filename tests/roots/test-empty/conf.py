project = "Empty"
copyright = author = "The tests"
extensions = ["sphinx_asgi_live", "myst_parser"]
myst_enable_extensions = ["colon_fence"]
html_theme = "basic"
exclude_patterns = ["_build", "shared-*"]
# Running apps takes time, and has tests of its own.
asgi_live_check = asgi_live_snapshot = "off"
