"""A book of notes with Strawberry."""

import asyncio
from collections.abc import AsyncGenerator

import strawberry
from strawberry.asgi import GraphQL
from strawberry.file_uploads import Upload


@strawberry.type
class Note:
    number: int
    text: str

    @strawberry.field
    def length(self) -> int:
        return len(self.text)


notes = [Note(number=1, text="Buy milk")]


@strawberry.type
class Query:
    @strawberry.field
    def notes(self, limit: int = 10) -> list[Note]:
        return notes[:limit]

    @strawberry.field
    async def note(self, number: int) -> Note | None:
        await asyncio.sleep(0)
        return next((note for note in notes if note.number == number), None)

    @strawberry.field
    def broken(self) -> str:
        raise ValueError("Not today")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def add(self, text: str) -> Note:
        notes.append(Note(number=len(notes) + 1, text=text))
        return notes[-1]

    @strawberry.mutation
    async def upload(self, file: Upload) -> int:
        return len(await file.read())


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, target: int = 3) -> AsyncGenerator[int, None]:
        for number in range(target):
            yield number
            await asyncio.sleep(0)


schema = strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription)
app = GraphQL(schema, multipart_uploads_enabled=True)
