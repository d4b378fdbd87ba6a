"""Every limit and switch of the service on one page, read from the environment (``LOSSES_MAX_BODY_BYTES=…``)."""

from __future__ import annotations

import os
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from losses.errors import InvalidParameter

PREFIX = "LOSSES_"
HASH = re.compile("[0-9a-f]{64}")


def _listed(text: Any) -> Any:
    return tuple(re.split(r"[\s,]+", text.strip())) if isinstance(text, str) and text.strip() else text or ()


def _hashes(keys: Any) -> Any:
    keys = _listed(keys)
    if not all(isinstance(key, str) and HASH.fullmatch(key) for key in keys):
        raise ValueError("each must be the SHA-256 of a key in 64 small hexadecimal digits: python -m service.keys")
    return keys


Origins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Hashes = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_hashes)]


class Settings(BaseSettings):
    """The limits in force, which ``GET /v1/limits`` shows, and a switch or two."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, hide_input_in_errors=True)

    max_body_bytes: int = Field(default=256 << 20, ge=1, description="bytes in the body of a request")
    max_stream_bytes: int = Field(default=64 << 30, ge=1, description="bytes of an Arrow stream, read batch by batch")
    max_streams: int = Field(default=16, ge=1, description="Arrow streams read at the same time")
    max_header_bytes: int = Field(default=32 << 10, ge=1, description="bytes in the headers of a request")
    max_json_values: int = Field(default=5_000_000, ge=1, description="values in a JSON body; more go as a file")
    max_losses: int = Field(default=100, ge=1, description="losses in one evaluation")
    max_columns: int = Field(default=256, ge=1, description="columns profiled in one request")

    header_seconds: float = Field(default=10, gt=0, description="seconds for the headers of a request to come")
    silence_seconds: float = Field(default=30, gt=0, description="seconds without a byte of a body that is to come")
    min_body_rate: int = Field(
        default=1024, ge=1, description="bytes a second that a body comes at, once those seconds are over"
    )
    request_seconds: float = Field(default=120, gt=0, description="seconds for a request to come and be answered")
    notice_seconds: float = Field(default=2, ge=0, description="seconds of being not ready before the door closes")
    drain_seconds: float = Field(default=20, gt=0, description="seconds for what was accepted to be answered then")

    threads: int = Field(default=max(2, os.cpu_count() or 2), ge=1, description="requests computed at the same time")
    max_requests: int = Field(default=128, ge=1, description="requests at the same time, those that wait among them")
    max_bytes_in_flight: int = Field(default=1 << 30, ge=1, description="bytes of all bodies at the same time")
    requests_per_minute: int = Field(default=0, ge=0, description="requests a minute of one key; 0 for any number")

    access_log: bool = Field(default=True, description="whether each request leaves a line of JSON on stderr")
    api_keys: Hashes = Field(default=(), description="SHA-256 of each key that is let in, by commas; all where none is")
    allowed_origins: Origins = Field(default=(), description="web origins whose pages may ask, by commas")

    def limits(self) -> dict[str, dict[str, Any]]:
        """Each limit with the sentence that explains it.

        >>> Settings(max_losses=3).limits()["max_losses"]
        {'value': 3, 'says': 'losses in one evaluation'}
        """
        fields = {name: field for name, field in type(self).model_fields.items() if name not in SWITCHES}
        return {name: {"value": getattr(self, name), "says": field.description} for name, field in fields.items()}


SWITCHES = frozenset(("access_log", "api_keys", "allowed_origins"))


def from_environment() -> Settings:
    """The settings as the environment has them; raises InvalidParameter where they make no sense."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = f"{PREFIX}{first['loc'][0]}".upper()
        raise InvalidParameter(f"{name}: {first['msg']}", field=name) from None


def described() -> str:
    """Every setting, as ``losses serve --help`` shows it.

    >>> print(described().splitlines()[1])
      LOSSES_MAX_BODY_BYTES       bytes in the body of a request (268435456)
    """
    rows = ["settings, from the environment:"]
    for name, field in Settings.model_fields.items():
        default = field.default if field.default != () else "none"
        rows.append(f"  {(PREFIX + name).upper():<27} {field.description} ({default})")
    return "\n".join(rows)
