"""Django, and what is made for it."""

from __future__ import annotations

from tests.frameworks.framework import Framework, Request, form, get, post_json, upload
from tests.frameworks.notes import UPLOADED, notes

TOKEN = {"token": r'name="csrfmiddlewaretoken" value="(\w+)"'}
TOKENS = (r'name="csrfmiddlewaretoken" value="[^"]+"', r'(?<=csrfToken": ")\w+')
DJANGO = "django<6"


def posted(path: str, tried: str = "", **fields: str) -> Request:
    """A form with the token of the page before it."""
    return form(path, {"csrfmiddlewaretoken": "{token}", **fields}, tried, varies=TOKENS, capture=TOKEN)


FRAMEWORKS = [
    Framework(
        title="Django",
        packages=("django", "asgiref"),
        target="django_app.asgi:application",
        requirements=(DJANGO,),
        client="django",
        note="6.0 requires Python 3.12, and the host's is older. A password of the usual million rounds of PBKDF2 "
        "takes 5 s here: name a quicker hasher in ``PASSWORD_HASHERS``.",
        requests=(
            get("/", "templates", varies=TOKENS, capture=TOKEN),
            posted("/notes", "forms with CSRF tokens, messages", text="Tea & <cake>, trés bon"),
            posted("/notes", text=""),
            form("/notes", {"text": "Forged"}, varies=(r"(?s)<body>.*",)),
            *notes(without=("page", "head", "form", "login", "whoami", "logout", "missing", "nowhere")),
            get("/all?page=2", "generic views"),
            get("/ticks", "async iterators"),
            get("/transaction", "sync and async ORM, transactions"),
            get("/whoami", "logins", varies=TOKENS, capture=TOKEN),
            posted("/accounts/login/?next=/whoami", username="ada", password="wrong"),
            posted("/accounts/login/?next=/whoami", username="ada", password="lovelace"),
            get("/admin/", "the admin", varies=TOKENS),
            get("/admin/django_app/note/add/", varies=TOKENS, capture=TOKEN),
            posted("/admin/django_app/note/add/", text="From the admin", done="on", _continue="Save"),
            get("/admin/django_app/note/?done__exact=1", varies=TOKENS),
            get("/admin/django_app/note/1/change/", varies=TOKENS),
            get("/static/admin/css/base.css"),
            get("/admin/jsi18n/"),
        ),
    ),
    Framework(
        title="Django REST framework",
        packages=("djangorestframework", "django"),
        target="drf_app.asgi:application",
        requirements=(DJANGO, "djangorestframework"),
        client="drf",
        requests=(
            get("/", "routers"),
            get("/users/", "serializers"),
            post_json("/users/", {"username": "grace"}, "permissions"),
            post_json("/users/", {"username": "grace"}, "tokens", headers={"authorization": "Token sesame"}),
            post_json("/users/", {"username": "grace"}, "validation errors", headers={"authorization": "Token sesame"}),
            post_json("/groups/", {"name": "pioneers"}, headers={"authorization": "Token sesame"}),
            get("/users/?search=gra&page=1", "filters, pagination"),
            get("/users/me/", headers={"authorization": "Token sesame"}),
            get("/users/9/", "an HTTP error"),
            Request("PATCH", "/users/2/", "", {"content-type": "application/json"}, '{"email": "no address"}'),
            Request("OPTIONS", "/users/", "metadata"),
            form("/token/", {"username": "ada", "password": "lovelace"}),
            upload("/upload/", 2**20, "uploads"),
            get("/users/", "the browsable API", headers={"accept": "text/html"}, varies=TOKENS),
            get("/auth/login/", varies=TOKENS, capture=TOKEN),
            posted("/auth/login/?next=/users/me/", "sessions", username="ada", password="lovelace"),
        ),
    ),
    Framework(
        title="django-ninja",
        packages=("django-ninja", "django", "pydantic"),
        target="ninja_app.asgi:application",
        requirements=(DJANGO, "django-ninja"),
        client="django",
        path="/api/groups",
        requests=(
            post_json("/api/groups", {"name": "pioneers"}, "schemas"),
            post_json("/api/groups", {"nome": "pioneers"}, "validation errors"),
            get("/api/groups?q=pion&limit=5", "pagination"),
            get("/api/groups/1", "async views"),
            get("/api/groups/9", "an HTTP error"),
            Request("DELETE", "/api/groups/1", "security"),
            Request("DELETE", "/api/groups/1", headers={"authorization": "Bearer sesame"}),
            form("/api/form", {"name": "ada", "age": "36"}, "forms"),
            upload("/api/upload", UPLOADED, "an upload of 3 MB"),
            get("/api/async"),
            get("/api/openapi.json", "OpenAPI"),
            get("/api/docs"),
        ),
    ),
    Framework(
        title="Channels",
        packages=("channels", "django"),
        target="channels_app.asgi:application",
        requirements=(DJANGO, "channels"),
        client="channels",
        test_requires=("daphne",),
        requests=(
            get("/", "pages of the tutorial's chat"),
            get("/chat/tea/"),
            Request("POST", "/lines", "an HTTP consumer", {}, "the end\n"),
        ),
    ),
]
