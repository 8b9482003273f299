"""The project as an ASGI app, its database made as it starts."""

import os

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_app.settings")
application = ASGIStaticFilesHandler(get_asgi_application())

call_command("migrate", verbosity=0)
os.environ["DJANGO_SUPERUSER_PASSWORD"] = "lovelace"
call_command("createsuperuser", "--noinput", username="ada", email="ada@example.org", verbosity=0)
