"""The chat of Channels' tutorial, in one module: its pages, its consumer, and a consumer for HTTP."""

import json

from channels.auth import AuthMiddlewareStack
from channels.generic.http import AsyncHttpConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings
from django.http import HttpResponse
from django.urls import path, re_path

settings.configure(
    SECRET_KEY="no secret in a browser",
    DEBUG=True,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="channels_app.asgi",
    INSTALLED_APPS=["channels", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)

from django.core.asgi import get_asgi_application  # noqa: E402

http_application = get_asgi_application()

PAGE = """<!doctype html><title>{room}</title><textarea id="log" cols="60"></textarea>
<form id="say"><input name="message"></form>
<script>
  const socket = new WebSocket(`ws://${{location.host}}/ws/chat/{room}/`);
  const log = document.querySelector("#log"), form = document.querySelector("#say");
  socket.onmessage = (event) => (log.value += JSON.parse(event.data).message + "\\n");
  form.onsubmit = (event) => {{
    event.preventDefault();
    socket.send(JSON.stringify({{ message: form.message.value }}));
  }};
</script>"""


class ChatConsumer(AsyncWebsocketConsumer):
    """Sends to all in a room what one of them says."""

    async def connect(self):
        self.room = f"chat_{self.scope['url_route']['kwargs']['room']}"
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()

    async def disconnect(self, close_code):
        await self.channel_layer.group_discard(self.room, self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):
        message = json.loads(text_data)["message"]
        await self.channel_layer.group_send(self.room, {"type": "chat.message", "message": message})

    async def chat_message(self, event):
        await self.send(text_data=json.dumps({"message": event["message"]}))


class Lines(AsyncHttpConsumer):
    """A response in parts."""

    async def handle(self, body):
        await self.send_headers(headers=[(b"Content-Type", b"text/plain")])
        for number in range(5):
            await self.send_body(f"line {number}\n".encode(), more_body=True)
        await self.send_body(body)


def room(request, name="lobby"):
    return HttpResponse(PAGE.format(room=name))


urlpatterns = [path("", room), path("chat/<slug:name>/", room)]
sockets = AllowedHostsOriginValidator(
    AuthMiddlewareStack(URLRouter([re_path(r"ws/chat/(?P<room>\w+)/$", ChatConsumer.as_asgi())]))
)
application = ProtocolTypeRouter(
    {"http": URLRouter([path("lines", Lines.as_asgi()), re_path("", http_application)]), "websocket": sockets}
)
