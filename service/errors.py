"""What goes wrong between a client and the service, beyond what the library itself refuses.

::

    LossesError
    ├── MalformedHTTP          400  the bytes are no request
    ├── MalformedJSON          400  the body is not JSON
    ├── WrongKey               401  no key of this service came along
    ├── UnknownPath            404  there is nothing at this address
    ├── WrongMethod            405  the address takes other methods
    ├── NotAcceptable          406  no reply of a kind that was asked for
    ├── TooSlow                408  the request took too long to come
    ├── TooLarge               413  beyond a limit of ``GET /v1/limits``
    ├── UnsupportedMediaType   415  a body of a kind that is not read here
    ├── TooManyRequests        429  more requests with one key than it may make
    ├── HeadersTooLarge        431  more bytes of headers than ``max_header_bytes``
    ├── InvalidRequest         422  options that cannot be understood
    ├── InternalError          500  a bug of ours
    ├── Busy                   503  no room now
    │   ├── OutOfTime          503  the answer took longer than ``request_seconds``
    │   └── ShuttingDown       503  this process is on its way out
    └── Unreachable            the client found no server, or one that did not make sense
"""

from __future__ import annotations

from losses.errors import LossesError


class MalformedHTTP(LossesError, ValueError):
    """The bytes that came are no request of HTTP/1.1."""

    title = "Not HTTP"


class WrongKey(LossesError, PermissionError):
    """This service asks for a key, as ``Authorization: Bearer …``, and the one that came, if any, is not known."""

    title = "Wrong key"


class TooSlow(LossesError, TimeoutError):
    """The headers or the body took too long to come; ``field`` names the limit of ``GET /v1/limits``."""

    title = "Too slow"


class TooManyRequests(LossesError):
    """More requests in a minute than one key may make; Retry-After says when the next is welcome."""

    title = "Too many requests"


class Busy(LossesError):
    """There is no room for another request now; every call is pure, so try again after Retry-After seconds."""

    title = "Busy"


class OutOfTime(Busy, TimeoutError):
    """The request came in time and no answer was found within ``request_seconds`` of ``GET /v1/limits``."""

    title = "Out of time"


class ShuttingDown(Busy):
    """This process is on its way out; another one answers the same request."""

    title = "Shutting down"


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
