"""A lending library's data in Datasette."""
