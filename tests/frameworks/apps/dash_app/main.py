"""A chart and a callback with Dash."""

from dash import Dash, Input, Output, State, callback, dcc, html
from dash.exceptions import PreventUpdate
from plotly.graph_objects import Bar, Figure

TEAS = {"green": [3, 1, 2], "black": [1, 4, 1]}
dash = Dash(__name__, title="Tea")
app = dash.server

dash.layout = html.Div(
    [
        html.H1("Tea"),
        dcc.Dropdown(list(TEAS), "green", id="kind", clearable=False),
        dcc.Graph(id="chart"),
        html.Button("Count", id="count", n_clicks=0),
        html.Output(id="counted"),
    ]
)


@callback(Output("chart", "figure"), Input("kind", "value"))
def chart(kind):
    return Figure(Bar(x=["May", "June", "July"], y=TEAS[kind]))


@callback(Output("counted", "children"), Input("count", "n_clicks"), State("kind", "value"))
def counted(clicks, kind):
    if not clicks:
        raise PreventUpdate
    return f"{kind}: {clicks}"
