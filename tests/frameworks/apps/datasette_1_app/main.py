"""A library in Datasette, its database made when the app starts."""

import sqlite3
from pathlib import Path
from tempfile import mkdtemp

from datasette.app import Datasette

DATABASE = Path(mkdtemp()) / "library.db"
TABLES = """
    create table author (id integer primary key, name text);
    create table book (id integer primary key, title text, author integer references author (id), year integer);
    insert into author (name) values ('Jane Austen'), ('Ursula K. Le Guin');
    insert into book (title, author, year) values
        ('Emma', 1, 1815), ('Persuasion', 1, 1817), ('The Dispossessed', 2, 1974), ('Lavinia', 2, 2008);
    create virtual table book_fts using fts5 (title, content='book');
    insert into book_fts (book_fts) values ('rebuild');
    create view recent as select title, year from book where year > 1900;
"""

with sqlite3.connect(DATABASE) as connection:
    connection.executescript(TABLES)
connection.close()

datasette = Datasette([DATABASE], metadata={"title": "A library"}, settings={"base_url": "/"}, secret="none")
app = datasette.app()
