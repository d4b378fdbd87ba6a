"""Keys: who may ask, and how often. ``python -m service.keys`` makes one."""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from losses.errors import LossesError

from .errors import TooManyRequests, WrongKey
from .problems import problem
from .settings import Settings

LOCKED = ("/v1/", "/metrics")


def hashed(key: str) -> str:
    """What the service knows of a key: keys are long and random, so a plain hash tells nothing of them.

    >>> hashed("abc")[:16]
    'ba7816bf8f01cfea'
    """
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


class Bucket:
    """Tokens that come back with time: as many in a minute as it holds."""

    def __init__(self, most: int) -> None:
        self.most, self.tokens, self.last = most, float(most), time.monotonic()

    def take(self) -> float:
        """Take a token; the seconds until there is one, where there is none."""
        now = time.monotonic()
        self.tokens = min(self.most, self.tokens + (now - self.last) * self.most / 60)
        self.last = now
        if self.tokens < 1:
            return (1 - self.tokens) * 60 / self.most
        self.tokens -= 1
        return 0.0


class Keys:
    """Lets in who brings a key, no oftener than it may; everyone, where no keys are set."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.known = app, settings.api_keys
        most = settings.requests_per_minute
        self.buckets = {key: Bucket(most) for key in self.known} if most else {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if self.known and scope["type"] == "http" and scope["path"].startswith(LOCKED):
                self._check(Headers(scope=scope).get("authorization", ""))
        except LossesError as refusal:
            await problem(refusal)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _check(self, sent: str) -> None:
        scheme, _, key = sent.partition(" ")
        found = hashed(key.strip())
        matching = [known for known in self.known if hmac.compare_digest(known, found)]
        if scheme.lower() != "bearer" or not matching:
            raise WrongKey("a key of this service is needed: Authorization: Bearer …", field="Authorization")
        wait = self.buckets[matching[0]].take() if self.buckets else 0.0
        if wait:
            most = self.buckets[matching[0]].most
            detail = f"one key may make {most} requests a minute"
            raise TooManyRequests(detail, field="requests_per_minute", allowed=most, retry_after=math.ceil(wait))


def main() -> None:
    """Make a key, and what the service is to be told of it."""
    key = secrets.token_urlsafe(32)
    print(f"key, for the client (it is shown once): {key}\nLOSSES_API_KEYS={hashed(key)}")


if __name__ == "__main__":
    main()
