"""A book of notes with django-ninja, in one module."""

import asyncio
from pathlib import Path
from tempfile import mkdtemp

from django.conf import settings
from django.core.management import call_command

settings.configure(
    SECRET_KEY="no secret in a browser",
    DEBUG=True,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="ninja_app.asgi",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "ninja"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path(mkdtemp()) / "db.sqlite3"}},
    STATIC_URL="static/",
)

from django.core.asgi import get_asgi_application  # noqa: E402

application = get_asgi_application()
call_command("migrate", verbosity=0)

from django.contrib.auth.models import Group  # noqa: E402
from django.shortcuts import aget_object_or_404  # noqa: E402
from django.urls import path  # noqa: E402
from ninja import File, Form, ModelSchema, NinjaAPI, Schema, UploadedFile  # noqa: E402
from ninja.pagination import paginate  # noqa: E402
from ninja.security import HttpBearer  # noqa: E402

api = NinjaAPI(title="Groups")


class Key(HttpBearer):
    def authenticate(self, request, token):
        return token if token == "sesame" else None


class GroupIn(Schema):
    name: str


class GroupOut(ModelSchema):
    class Meta:
        model = Group
        fields = ["id", "name"]


@api.get("/groups", response=list[GroupOut])
@paginate
def groups(request, q: str = ""):
    return Group.objects.filter(name__contains=q).order_by("pk")


@api.post("/groups", response={201: GroupOut})
def add(request, group: GroupIn):
    return 201, Group.objects.create(**group.dict())


@api.get("/groups/{number}", response=GroupOut)
async def one(request, number: int):
    return await aget_object_or_404(Group, pk=number)


@api.delete("/groups/{number}", auth=Key(), response={204: None})
async def remove(request, number: int):
    await Group.objects.filter(pk=number).adelete()
    return 204, None


@api.post("/form")
def form(request, name: Form[str], age: Form[int]):
    return {"name": name, "age": age}


@api.post("/upload")
def upload(request, file: File[UploadedFile]):
    return {"name": file.name, "size": len(file.read())}


@api.get("/async")
async def asynchronous(request):
    await asyncio.sleep(0)
    return await Group.objects.acount()


urlpatterns = [path("api/", api.urls)]
