"""Profiles that were kept as JSON, one or several by name.

They are documents as ``to_dict`` gives them, what ``losses profile --json`` prints, or what the service replies.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from losses.errors import UnreadableFile
from losses.profile.state import Profile

UNNAMED = "target"


def saved(path: str) -> dict[str, Profile] | None:
    """The profiles in a JSON file, by the name of the column; None where it holds something else, say a column."""
    if Path(path).suffix.lower() != ".json" or not os.path.isfile(path):
        return None
    text = Path(path).read_bytes()
    if not text.lstrip().startswith(b"{"):
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"{Path(path).name!r} is not a readable json file", field="path") from error
    found = {name: replace(Profile.from_dict(document), name=name) for name, document in _documents(data, None)}
    return found or None


def _documents(data: Any, name: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """The documents in what was kept; columns stand in it by name, each alone or with all that is said of it."""
    if not isinstance(data, dict):
        return
    if "version" in data and "moments" in data:
        yield name or data.get("name") or UNNAMED, data
    elif "profile" in data:
        yield from _documents(data["profile"], name)
    elif name is None:
        columns = data["columns"] if isinstance(data.get("columns"), dict) else data
        yield from (found for key, part in columns.items() for found in _documents(part, key))
