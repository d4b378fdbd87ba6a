"""Every limit and switch of the service on one page, read from the environment (``LOSSES_MAX_BODY_BYTES=…``)."""

from __future__ import annotations

import os
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The limits in force, which ``GET /v1/limits`` shows, and a switch or two."""

    model_config = SettingsConfigDict(env_prefix="LOSSES_", frozen=True)

    max_body_bytes: int = Field(default=256 << 20, ge=1, description="bytes in the body of a request")
    max_stream_bytes: int = Field(default=64 << 30, ge=1, description="bytes of an Arrow stream, read batch by batch")
    max_streams: int = Field(default=16, ge=1, description="Arrow streams read at the same time")
    max_header_bytes: int = Field(default=32 << 10, ge=1, description="bytes in the headers of a request")
    max_json_values: int = Field(default=5_000_000, ge=1, description="values in a JSON body; more go as a file")
    max_losses: int = Field(default=100, ge=1, description="losses in one evaluation")
    max_columns: int = Field(default=256, ge=1, description="columns profiled in one request")
    threads: int = Field(default=max(2, os.cpu_count() or 2), ge=1, description="requests computed at the same time")

    access_log: bool = Field(default=True, description="whether each request leaves a line of JSON on stderr")

    def limits(self) -> dict[str, dict[str, Any]]:
        """Each limit with the sentence that explains it.

        >>> Settings(max_losses=3).limits()["max_losses"]
        {'value': 3, 'says': 'losses in one evaluation'}
        """
        fields = {name: field for name, field in type(self).model_fields.items() if name not in _SWITCHES}
        return {name: {"value": getattr(self, name), "says": field.description} for name, field in fields.items()}


_SWITCHES = frozenset(("access_log",))
