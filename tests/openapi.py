"""Writes ``service/openapi.json``, so that what changes in the API is seen in a review: ``make openapi``."""

from __future__ import annotations

import json
from pathlib import Path

from service.app import create_app
from service.settings import Settings

FILE = Path(__file__).parents[1] / "service" / "openapi.json"


def written() -> str:
    """The schema as the file has it."""
    return json.dumps(create_app(Settings()).openapi(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
