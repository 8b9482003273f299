"""As FastAPI's example of dependencies of a WebSocket: a cookie or a token, without which it is refused."""

from typing import Annotated

from fastapi import Cookie, Depends, FastAPI, Query, WebSocket, WebSocketException, status
from fastapi.responses import HTMLResponse

app = FastAPI()

PAGE = """
<!DOCTYPE html>
<html>
    <head><title>Items</title></head>
    <body>
        <form action="" onsubmit="connect(event)">
            <label>Item: <input type="text" id="itemId" value="foo"/></label>
            <label>Token: <input type="text" id="token" value="some-key-token"/></label>
            <button>Connect</button>
        </form>
        <ul id='messages'></ul>
        <script>
            var ws = null
            function note(text) {
                var message = document.createElement('li')
                message.appendChild(document.createTextNode(text))
                document.getElementById('messages').appendChild(message)
            }
            function connect(event) {
                var itemId = document.getElementById("itemId").value
                var token = document.getElementById("token").value
                ws = new WebSocket("ws://localhost:8000/items/" + itemId + "/ws" + (token && "?token=" + token))
                ws.onmessage = (event) => note(event.data)
                ws.onopen = () => ws.send("hello")
                ws.onclose = (event) => note("closed with " + event.code)
                event.preventDefault()
            }
        </script>
    </body>
</html>
"""


@app.get("/")
async def page():
    return HTMLResponse(PAGE)


async def get_cookie_or_token(
    websocket: WebSocket,
    session: Annotated[str | None, Cookie()] = None,
    token: Annotated[str | None, Query()] = None,
):
    if session is None and token is None:
        raise WebSocketException(code=status.WS_1008_POLICY_VIOLATION)
    return session or token


@app.websocket("/items/{item_id}/ws")
async def items(
    *,
    websocket: WebSocket,
    item_id: str,
    q: int | None = None,
    cookie_or_token: Annotated[str, Depends(get_cookie_or_token)],
):
    await websocket.accept()
    while True:
        data = await websocket.receive_text()
        await websocket.send_text(f"Session cookie or query token value is: {cookie_or_token}")
        if q is not None:
            await websocket.send_text(f"Query parameter q is: {q}")
        await websocket.send_text(f"Message text was: {data}, for item ID: {item_id}")
