from sphinx_asgi_live import __version__

project = "sphinx-asgi-live"
version = release = __version__
author = "sphinx-asgi-live contributors"
copyright = "sphinx-asgi-live contributors"

extensions = ["sphinx_asgi_live", "myst_parser"]
myst_enable_extensions = ["colon_fence"]

html_theme = "furo"
html_title = "sphinx-asgi-live"
exclude_patterns = ["_build"]
