"""A small shop: an ordinary FastAPI project, nothing in it knows of the documentation."""
