"""Examples of frameworks' documentations, as they are, in one Python: the one served last answers at the root."""

from importlib import import_module

serving = None


async def app(scope, receive, send):
    """Hand all on to the example of the last request for `/serve/<module>`, which leads to its first page."""
    global serving
    if scope["type"] == "lifespan":
        return
    path = scope["path"].removeprefix(scope["root_path"])
    if path.startswith("/serve/"):
        serving = import_module("examples." + path.removeprefix("/serve/")).app
        headers = [(b"location", scope["root_path"].encode() + b"/")]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body"})
    else:
        await serving(scope, receive, send)
