project = "sphinx-asgi-live"
author = "sphinx-asgi-live contributors"
copyright = "sphinx-asgi-live contributors"

extensions = ["sphinx_asgi_live", "myst_parser"]
myst_enable_extensions = ["colon_fence"]

html_theme = "furo"
html_title = "sphinx-asgi-live"
exclude_patterns = ["_build"]
