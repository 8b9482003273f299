"""A book of notes with Ariadne: the schema first."""

import asyncio

from ariadne import MutationType, ObjectType, QueryType, gql, make_executable_schema
from ariadne.asgi import GraphQL
from ariadne.explorer import ExplorerHttp405

type_defs = gql("""
    type Note { number: Int!, text: String!, length: Int! }
    type Query { notes(limit: Int = 10): [Note!]!, note(number: Int!): Note, broken: String }
    type Mutation { add(text: String!): Note! }
""")
query, mutation, note = QueryType(), MutationType(), ObjectType("Note")
notes = [{"number": 1, "text": "Buy milk"}]


@query.field("notes")
def resolve_notes(_, info, limit):
    return notes[:limit]


@query.field("note")
async def resolve_note(_, info, number):
    await asyncio.sleep(0)
    return next((note for note in notes if note["number"] == number), None)


@query.field("broken")
def resolve_broken(_, info):
    raise ValueError("Not today")


@note.field("length")
def resolve_length(note, info):
    return len(note["text"])


@mutation.field("add")
def resolve_add(_, info, text):
    notes.append({"number": len(notes) + 1, "text": text})
    return notes[-1]


app = GraphQL(make_executable_schema(type_defs, query, mutation, note), explorer=ExplorerHttp405())
