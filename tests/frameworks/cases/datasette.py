"""Datasette, the stable and the coming one."""

from __future__ import annotations

from tests.frameworks.framework import Framework, get

TOOK = (r"(?<=Queries took )[\d.]+",)

COUNTED = (r"(?s)(?<=</h2>).*?(?=<footer)",)
"""Tables with their rows, which it leaves out if counting takes over 10 ms."""

ROWS = (r"(?<=<p>)(?:Many|\d+) rows?(?=</p>)",)
"""Of a table, which are many if counting takes over 5 ms."""

PAGES = (
    get("/", "pages", varies=COUNTED),
    get("/library", varies=(*TOOK, *ROWS)),
    get("/library/book", "tables", varies=TOOK),
    get("/library/book?_facet=author&_sort_desc=year", "facets", varies=TOOK),
    get("/library/book?_search=emma", "full-text search", varies=TOOK),
    get("/library/book/1", varies=TOOK),
    get("/library/recent.json?_shape=array", "JSON"),
    get("/library/book.csv?_stream=1", "streamed CSV"),
    get("/library/book?author__exact=2&_labels=on", varies=TOOK),
    get("/library/none", "an HTTP error"),
    get("/-/static/app.css", "static files"),
)

FRAMEWORKS = [
    Framework(
        title="Datasette 0.65",
        packages=("datasette",),
        target="datasette_0_app.main:app",
        tested="datasette_0_app.main:datasette",
        requirements=("datasette<1a0",),
        client="datasette",
        requests=(
            *PAGES,
            get("/library?sql=select+1+%2B+1+as+two", "SQL", varies=TOOK),
            get("/library.json?sql=nonsense"),
        ),
    ),
    Framework(
        title="Datasette 1.0",
        packages=("datasette",),
        target="datasette_1_app.main:app",
        tested="datasette_1_app.main:datasette",
        requirements=("datasette>=1.0a0",),
        client="datasette",
        requests=(
            *PAGES,
            get("/library/-/query?sql=select+1+%2B+1+as+two", "SQL", varies=TOOK),
            get("/library/-/query.json?sql=nonsense"),
        ),
    ),
]
