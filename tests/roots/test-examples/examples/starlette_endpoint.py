"""As Starlette's documentation of endpoints: classes for HTTP and for a WebSocket, which echoes."""

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint, WebSocketEndpoint
from starlette.responses import HTMLResponse
from starlette.routing import Route, WebSocketRoute

PAGE = """
<!DOCTYPE HTML>
<html>
<head>
    <script type = "text/javascript">
        function runWebsockets() {
            if ("WebSocket" in window) {
                var ws = new WebSocket("ws://localhost:8000/ws");
                ws.onopen = function() {
                    console.log("Sending websocket data");
                    ws.send("Hello From Client");
                };
                ws.onmessage = function(e) {
                    document.getElementById("said").textContent = e.data;
                };
                ws.onclose = function() {
                    console.log("Closing websocket connection");
                };
            } else {
                document.getElementById("said").textContent = "WS not supported, sorry!";
            }
        }
    </script>
</head>
<body><a href="javascript:runWebsockets()">Say Hello From Client</a><p id="said"></p></body>
</html>
"""


class Homepage(HTTPEndpoint):
    async def get(self, request):
        return HTMLResponse(PAGE)


class Echo(WebSocketEndpoint):
    encoding = "text"

    async def on_receive(self, websocket, data):
        await websocket.send_text(f"Message text was: {data}")


app = Starlette(debug=True, routes=[Route("/", Homepage), WebSocketRoute("/ws", Echo)])
