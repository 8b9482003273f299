create table authors (
  id integer primary key,
  name text not null,
  born integer,
  country text
);

create table books (
  id integer primary key,
  title text not null,
  author_id integer not null references authors (id),
  year integer,
  shelf text
);

create table loans (
  id integer primary key,
  book_id integer not null references books (id),
  member text not null,
  lent text not null,
  returned text
);

create index loans_book_id on loans (book_id);
create index books_author_id on books (author_id);

create virtual table books_fts using fts5 (title, content="books", content_rowid="id");

create trigger books_inserted after insert on books begin
  insert into books_fts (rowid, title) values (new.id, new.title);
end;
create trigger books_deleted after delete on books begin
  insert into books_fts (books_fts, rowid, title) values ('delete', old.id, old.title);
end;
create trigger books_updated after update on books begin
  insert into books_fts (books_fts, rowid, title) values ('delete', old.id, old.title);
  insert into books_fts (rowid, title) values (new.id, new.title);
end;

insert into authors (id, name, born, country) values
  (1, 'Jane Austen', 1775, 'United Kingdom'),
  (2, 'Mary Shelley', 1797, 'United Kingdom'),
  (3, 'Charles Dickens', 1812, 'United Kingdom'),
  (4, 'George Eliot', 1819, 'United Kingdom'),
  (5, 'Jules Verne', 1828, 'France'),
  (6, 'Leo Tolstoy', 1828, 'Russia'),
  (7, 'Mark Twain', 1835, 'United States'),
  (8, 'Émile Zola', 1840, 'France'),
  (9, 'Bram Stoker', 1847, 'Ireland'),
  (10, 'Robert Louis Stevenson', 1850, 'United Kingdom'),
  (11, 'Selma Lagerlöf', 1858, 'Sweden'),
  (12, 'H. G. Wells', 1866, 'United Kingdom'),
  (13, 'Virginia Woolf', 1882, 'United Kingdom'),
  (14, 'Franz Kafka', 1883, 'Bohemia');

insert into books (id, title, author_id, year, shelf) values
  (1, 'Sense and Sensibility', 1, 1811, 'A1'),
  (2, 'Pride and Prejudice', 1, 1813, 'A1'),
  (3, 'Emma', 1, 1815, 'A1'),
  (4, 'Persuasion', 1, 1817, 'A1'),
  (5, 'Frankenstein', 2, 1818, 'A2'),
  (6, 'The Last Man', 2, 1826, 'A2'),
  (7, 'Oliver Twist', 3, 1838, 'A3'),
  (8, 'David Copperfield', 3, 1850, 'A3'),
  (9, 'A Tale of Two Cities', 3, 1859, 'A3'),
  (10, 'Great Expectations', 3, 1861, 'A3'),
  (11, 'The Mill on the Floss', 4, 1860, 'A4'),
  (12, 'Middlemarch', 4, 1871, 'A4'),
  (13, 'Journey to the Center of the Earth', 5, 1864, 'B1'),
  (14, 'Twenty Thousand Leagues Under the Seas', 5, 1870, 'B1'),
  (15, 'Around the World in Eighty Days', 5, 1872, 'B1'),
  (16, 'War and Peace', 6, 1869, 'B2'),
  (17, 'Anna Karenina', 6, 1878, 'B2'),
  (18, 'The Adventures of Tom Sawyer', 7, 1876, 'B3'),
  (19, 'Adventures of Huckleberry Finn', 7, 1884, 'B3'),
  (20, 'Thérèse Raquin', 8, 1867, 'B4'),
  (21, 'Germinal', 8, 1885, 'B4'),
  (22, 'Dracula', 9, 1897, 'C1'),
  (23, 'Treasure Island', 10, 1883, 'C2'),
  (24, 'Strange Case of Dr Jekyll and Mr Hyde', 10, 1886, 'C2'),
  (25, 'Gösta Berling''s Saga', 11, 1891, 'C3'),
  (26, 'The Wonderful Adventures of Nils', 11, 1906, 'C3'),
  (27, 'The Time Machine', 12, 1895, 'C4'),
  (28, 'The Island of Doctor Moreau', 12, 1896, 'C4'),
  (29, 'The War of the Worlds', 12, 1898, 'C4'),
  (30, 'Mrs Dalloway', 13, 1925, 'D1'),
  (31, 'To the Lighthouse', 13, 1927, 'D1'),
  (32, 'Orlando', 13, 1928, 'D1'),
  (33, 'The Metamorphosis', 14, 1915, 'D2'),
  (34, 'The Trial', 14, 1925, 'D2');

insert into loans (id, book_id, member, lent, returned) values
  (1, 2, 'Ada', '2026-01-09', '2026-01-30'),
  (2, 22, 'Grace', '2026-01-12', '2026-02-02'),
  (3, 16, 'Alan', '2026-01-20', '2026-03-18'),
  (4, 27, 'Ada', '2026-02-03', '2026-02-17'),
  (5, 5, 'Edsger', '2026-02-10', '2026-02-24'),
  (6, 34, 'Barbara', '2026-02-14', '2026-03-01'),
  (7, 12, 'Grace', '2026-02-20', '2026-04-02'),
  (8, 31, 'Barbara', '2026-03-02', '2026-03-15'),
  (9, 29, 'Edsger', '2026-03-05', '2026-03-20'),
  (10, 2, 'Alan', '2026-03-21', '2026-04-11'),
  (11, 14, 'Ada', '2026-04-01', null),
  (12, 26, 'Grace', '2026-04-07', null),
  (13, 33, 'Alan', '2026-04-15', null),
  (14, 10, 'Barbara', '2026-04-16', null);
