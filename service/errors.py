"""What goes wrong between a client and the service, beyond what the library itself refuses.

::

    LossesError
    ├── MalformedJSON          400  the body is not JSON
    ├── UnknownPath            404  there is nothing at this address
    ├── WrongMethod            405  the address takes other methods
    ├── NotAcceptable          406  no reply of a kind that was asked for
    ├── TooLarge               413  beyond a limit of ``GET /v1/limits``
    ├── UnsupportedMediaType   415  a body of a kind that is not read here
    ├── HeadersTooLarge        431  more bytes of headers than ``max_header_bytes``
    ├── InvalidRequest         422  options that cannot be understood
    ├── InternalError          500  a bug of ours
    └── Unreachable            the client found no server, or one that did not make sense
"""

from __future__ import annotations

from losses.errors import LossesError


class MalformedJSON(LossesError, ValueError):
    """The body is not JSON as RFC 8259 has it: UTF-8, one value, finite numbers, no key twice, at most 32 deep.

    NaN and infinities are no JSON; send them in a file. ``position`` is the byte at which it stops being JSON.
    """

    title = "Not JSON"


class UnknownPath(LossesError, LookupError):
    """There is nothing at this address; ``/docs`` lists what there is."""

    title = "Nothing at this address"


class WrongMethod(LossesError, ValueError):
    """The address exists and takes other methods, which ``allowed`` and the Allow header name."""

    title = "Method not allowed"


class NotAcceptable(LossesError, ValueError):
    """The Accept header asks for kinds of reply that this address does not give; ``allowed`` names those it does."""

    title = "No such kind of reply"


class TooLarge(LossesError, ValueError):
    """More than a limit of ``GET /v1/limits`` allows: ``field`` names the limit and ``allowed`` its value."""

    title = "Too large"


class UnsupportedMediaType(LossesError, ValueError):
    """The body is of a kind that is not read here; ``allowed`` names the values of Content-Type that are."""

    title = "Unsupported media type"


class HeadersTooLarge(LossesError, ValueError):
    """The headers hold more bytes than ``max_header_bytes`` of ``GET /v1/limits`` allows."""

    title = "Headers too large"


class InvalidRequest(LossesError, ValueError):
    """The request was read and its options cannot be understood; ``errors`` points at each, at most twenty."""

    title = "Invalid request"


class InternalError(LossesError):
    """A bug of ours. The reply and our log share an ``id``: please report it."""

    title = "Internal error"


class Unreachable(LossesError, ConnectionError):
    """The client reached no server, or what answered was not this service."""

    title = "Service not reached"
