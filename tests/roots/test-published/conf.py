project = "Published"
copyright = author = "The tests"
extensions = ["sphinx_asgi_live"]
html_theme = "basic"
exclude_patterns = ["_build"]
# Images take seconds, and have tests of their own.
asgi_live_snapshot = "off"
