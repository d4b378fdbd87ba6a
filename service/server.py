"""``serve(...)``: the service as a process."""

from __future__ import annotations

import ipaddress

import uvicorn

from losses.errors import InvalidParameter

GRACE = 20  # seconds that accepted requests have to finish once the process is told to stop


def serve(host: str = "127.0.0.1", port: int = 8000, workers: int = 1, insecure: bool = False) -> None:
    """Listen and answer until told to stop.

    Refuses to listen beyond this machine unless ``insecure`` says that this is meant: there are no keys yet.
    """
    if not (insecure or local(host)):
        raise InvalidParameter(
            f"{host} can be reached from other machines, and anyone there could use the service: "
            "put it behind a proxy that asks who they are, and say --insecure",
            field="host", got=host, allowed="127.0.0.1",
        )  # fmt: skip
    uvicorn.run(
        "service.app:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        http="httptools",
        ws="none",
        lifespan="on",
        server_header=False,
        access_log=False,
        log_config=LOGGING,
        timeout_graceful_shutdown=GRACE,
    )


def local(host: str) -> bool:
    """Whether only this machine can reach an address.

    >>> local("127.0.0.1"), local("::1"), local("localhost"), local("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_PLAIN = {"class": "logging.StreamHandler", "stream": "ext://sys.stderr"}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"words": {"format": "%(levelname)s %(message)s"}, "json": {"format": "%(message)s"}},
    "handlers": {"words": {**_PLAIN, "formatter": "words"}, "json": {**_PLAIN, "formatter": "json"}},
    "loggers": {
        "uvicorn": {"handlers": ["words"], "level": "INFO", "propagate": False},
        "losses.access": {"handlers": ["json"], "level": "INFO", "propagate": False},
        "losses.errors": {"handlers": ["words"], "level": "ERROR", "propagate": False},
    },
}
