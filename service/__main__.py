"""``python -m service``: the service on this machine, without the command line of the library."""

from __future__ import annotations

import argparse
import sys

from losses.errors import LossesError

from .server import serve
from .settings import described


def main() -> int:
    """Serve until told to stop; 2 where that cannot be."""
    parser = argparse.ArgumentParser(
        prog="python -m service",
        description="Serve the losses over HTTP.",
        epilog=described(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--insecure", action="store_true", help="listen beyond this machine without keys")
    try:
        serve(**vars(parser.parse_args()))
    except LossesError as error:
        print(error.detail, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
