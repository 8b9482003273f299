project = "Live"
copyright = author = "The tests"
extensions = ["sphinx_asgi_live", "myst_parser"]
html_theme = "basic"
exclude_patterns = ["_build"]
