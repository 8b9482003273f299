"""WSGI frameworks."""

from __future__ import annotations

from tests.frameworks.framework import Framework, get, post_json
from tests.frameworks.notes import notes

OF_THE_PROCESS = (r'(?<="python_version":")[^"]*', r'(?<="end_id":")[^"]*', r"m\d{10}(?=\.)")

FRAMEWORKS = [
    Framework(
        title="Flask",
        packages=("flask", "werkzeug"),
        target="flask_app.main:app",
        requirements=("flask",),
        client="werkzeug",
        requests=(*notes(without=("async",)), get("/broken", "an exception")),
    ),
    Framework(
        title="Bottle",
        packages=("bottle",),
        target="bottle_app.main:app",
        requirements=("bottle",),
        client="webtest",
        test_requires=("webtest",),
        requests=(*notes(without=("async",), login={"tried": "signed cookies"}), get("/broken", "an exception")),
    ),
    Framework(
        title="Dash",
        packages=("dash", "plotly", "flask"),
        target="dash_app.main:app",
        requirements=("dash",),
        client="werkzeug",
        requests=(
            get("/", "pages", varies=OF_THE_PROCESS),
            get("/_dash-layout", "layouts"),
            get("/_dash-dependencies"),
            post_json(
                "/_dash-update-component",
                {
                    "output": "chart.figure",
                    "outputs": {"id": "chart", "property": "figure"},
                    "inputs": [{"id": "kind", "property": "value", "value": "black"}],
                    "changedPropIds": ["kind.value"],
                },
                "callbacks",
            ),
            post_json(
                "/_dash-update-component",
                {
                    "output": "counted.children",
                    "outputs": {"id": "counted", "property": "children"},
                    "inputs": [{"id": "count", "property": "n_clicks", "value": 0}],
                    "state": [{"id": "kind", "property": "value", "value": "green"}],
                    "changedPropIds": [],
                },
            ),
            get("/_dash-component-suites/dash/deps/react@18.3.1.min.js", "its scripts"),
            get("/no/such/page", varies=OF_THE_PROCESS),
        ),
    ),
]
