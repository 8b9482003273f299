"""Small real apps of many frameworks: what they answer in a browser is what they answer on the host."""
