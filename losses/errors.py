"""Everything this library raises, on one page.

::

    LossesError                 the root: catch this to catch all
    ├── UnknownName             a loss, metric, parameter … that does not exist   (LookupError)
    ├── InvalidParameter        a parameter outside its range                      (ValueError)
    ├── InvalidInput            data that cannot be read as this loss needs it     (ValueError)
    │   ├── EmptyInput          no rows, or none that is not missing
    │   ├── InvalidShape        lengths or dimensions that do not fit
    │   ├── InvalidType         strings, objects, complex numbers where numbers belong
    │   ├── InvalidWeights      negative, or all zero
    │   ├── MissingValues       NaN or null where none is allowed
    │   └── OutsideDomain       numbers on which the loss is not defined
    ├── InvalidProfile          a profile document that cannot be true             (ValueError)
    ├── UnreadableFile          a file that is not what it says                    (ValueError)
    ├── NotSupported            a thing this loss or framework cannot do           (ValueError)
    └── MissingDependency       an optional package is not installed               (ImportError)

Each carries ``detail`` (the sentence) and ``data`` (what a program wants to know: ``loss``, ``field``,
``allowed``, ``got``, ``rows``, ``expected``). The sentence says what was expected, what came, and where.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, Self


class LossesError(Exception):
    """Something this library refuses to do, with the reason."""

    title = "The request could not be met"

    def __init__(self, detail: str, **data: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.data = data

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.detail, self.data)


def _rebuild(kind: type[LossesError], detail: str, data: dict[str, Any]) -> LossesError:
    return kind(detail, **data)


class LossWarning(UserWarning):
    """A result that stands, with something its reader should know."""


class UnknownName(LossesError, LookupError):
    """A name that stands for nothing here; the nearest ones that do are given.

    Take one of the names that the message gives.
    """

    title = "Unknown name"

    @classmethod
    def among(cls, what: str, got: object, known: Iterable[str], **data: Any) -> Self:
        """The error for ``got`` where one of ``known`` was expected.

        >>> UnknownName.among("loss", "huberr", ["huber", "mse"]).detail
        "unknown loss 'huberr'; did you mean 'huber'?"
        """
        names = sorted(known)
        near = difflib.get_close_matches(str(got)[:80].lower(), names, n=3, cutoff=0.5)
        hint = f"did you mean {_either(near)}?" if near else f"known: {', '.join(names[:80])}"
        came = str(got)[:80]
        data = {"field": what, "got": came, "allowed": near or names[:80], **data}
        return cls(f"unknown {what} {came!r}; {hint}", **data)


def _either(names: list[str]) -> str:
    return " or ".join(repr(name) for name in names)


class InvalidParameter(LossesError, ValueError):
    """A parameter outside the range on which the loss is defined.

    The message tells the range; what the parameter means stands with the loss.
    """

    title = "Parameter outside its range"


class InvalidInput(LossesError, ValueError):
    """Data that cannot be read as the loss needs it.

    The message names the field and the first rows at fault, counted from 0: mend these or leave them out.
    """

    title = "Invalid input"


class EmptyInput(InvalidInput):
    """No rows to look at, or none that is not missing.

    Check that the column has values and that no filter took all rows.
    """

    title = "No data"


class InvalidShape(InvalidInput):
    """Lengths or dimensions that do not fit each other.

    Bring both sides to one value a row, or to the shape that the message names.
    """

    title = "Shapes do not fit"


class InvalidType(InvalidInput):
    """Strings, objects or complex numbers where real numbers belong.

    Turn words into numbers first: classes into 0, 1, 2 …, ``yes`` and ``no`` into 1 and 0.
    """

    title = "Not numbers"


class InvalidWeights(InvalidInput):
    """Sample weights that are negative, or all zero.

    Give one number a row, none below 0 and at least one above.
    """

    title = "Invalid sample weights"


class MissingValues(InvalidInput):
    """NaN or null where none is allowed; ``missing="drop"`` leaves such rows out and counts them.

    Or fill the values in; the message tells where they are missing.
    """

    title = "Missing values"


class OutsideDomain(InvalidInput):
    """Numbers on which the loss is not defined.

    Check what predictions are: a loss of probabilities reads 0 to 1, one of logits any number, one of counts
    none below 0.
    """

    title = "Values outside the domain of the loss"


class InvalidProfile(LossesError, ValueError):
    """A profile document that cannot be true, or that a newer version wrote.

    Make the profile again from the column with this version; a profile is not to be edited by hand.
    """

    title = "Invalid profile"


class UnreadableFile(LossesError, ValueError):
    """A file or body that is not what its name or media type says.

    Save the table as CSV with UTF-8 (in a spreadsheet: CSV UTF-8), names of columns in the first line and
    nothing above them, or as Parquet; the message tells the line at fault.
    """

    title = "Unreadable file"


class NotSupported(LossesError, ValueError):
    """Something this loss, reduction or framework cannot do.

    The message tells the reason and, where there is one, what comes nearest.
    """

    title = "Not supported"


class MissingDependency(LossesError, ImportError):
    """An optional package that this call needs is not installed.

    Install what the message names.
    """

    title = "Optional package not installed"
