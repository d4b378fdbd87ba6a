"""The engine over HTTP: a thin face, and a client that speaks to it."""
