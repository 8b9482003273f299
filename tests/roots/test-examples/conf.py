project = "Examples"
copyright = author = "The tests"
extensions = ["sphinx_asgi_live"]
html_theme = "basic"
exclude_patterns = ["_build"]
