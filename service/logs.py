"""What the process says on stderr: sentences on a terminal, lines of JSON elsewhere; never a value that was sent."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

from .layers import where


class Lines(logging.Formatter):
    """One line of JSON a record. What is JSON already, as requests and mishaps are, is told among its members."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON, with an error's kind and place and without its words."""
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{record.msecs:03.0f}Z"
        line: dict[str, Any] = {"time": when, "level": record.levelname.lower(), "logger": record.name}
        said = record.getMessage()
        line |= json.loads(said) if said.startswith("{") else {"message": said.strip()}
        if record.exc_info and record.exc_info[1]:
            line |= {"error": type(record.exc_info[1]).__name__, "where": where(record.exc_info[1])}
        return json.dumps(line)


class Words(logging.Formatter):
    """A sentence a record, for a terminal."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 (the name is the standard library's)
        """An error's kind and place, without its words."""
        return "\n".join([type(ei[1]).__name__, *where(ei[1])])


def _logger(level: str) -> dict[str, Any]:
    return {"handlers": ["stderr"], "level": level, "propagate": False}


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"words": {"()": Words, "format": "%(levelname)s %(message)s"}, "lines": {"()": Lines}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stderr",
            "formatter": "words" if sys.stderr.isatty() else "lines",
        }
    },
    "loggers": {"uvicorn": _logger("INFO"), "losses.access": _logger("INFO"), "losses.errors": _logger("ERROR")},
}
