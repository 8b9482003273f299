"""A chat over WebSockets: whoever has the page open reads what anybody says."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse

PAGE = Path(__file__).with_name("page.html").read_text("utf-8")


class ConnectionManager:
    """Who is connected."""

    def __init__(self) -> None:
        self.active: list[WebSocket] = []

    async def connect(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self.active.append(websocket)

    def disconnect(self, websocket: WebSocket) -> None:
        self.active.remove(websocket)

    async def broadcast(self, text: str, sender: str = "") -> None:
        for connection in list(self.active):
            await connection.send_json({"sender": sender, "text": text})


app = FastAPI()
manager = ConnectionManager()


@app.get("/", response_class=HTMLResponse)
async def show() -> str:
    return PAGE


@app.websocket("/ws/{name}")
async def talk(websocket: WebSocket, name: str) -> None:
    await manager.connect(websocket)
    await manager.broadcast(f"{name} has come in.")
    try:
        while True:
            await manager.broadcast(await websocket.receive_text(), sender=name)
    except WebSocketDisconnect:
        manager.disconnect(websocket)
        await manager.broadcast(f"{name} has left.")
