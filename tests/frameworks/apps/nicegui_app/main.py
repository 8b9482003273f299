"""A counter with NiceGUI, mounted in a FastAPI app."""

from fastapi import FastAPI
from nicegui import ui

app = FastAPI()


@app.get("/api")
def api():
    return {"ready": True}


@ui.page("/", title="Counter")
def page():
    count = {"value": 0}
    ui.label("Press it.")
    label = ui.label("0")

    def press():
        count["value"] += 1
        label.set_text(str(count["value"]))

    ui.button("Press", on_click=press)


ui.run_with(app, storage_secret="no secret in a browser")
