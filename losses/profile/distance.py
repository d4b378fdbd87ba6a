"""How far one profile lies from another: three distances between distributions, each with what chance alone would give.

All are read from the sums, so two columns can be compared long after their rows are gone.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from losses.profile.spread import Spread
    from losses.profile.tally import Tally

Floats = npt.NDArray[np.float64]

COMMON = 0.01  # the share of rows from which a value has a cell of its own
REPEATED = 10  # and the rows that it must have besides
BINS = 10
_TAIL = 1.949  # Kolmogorov's statistic is beyond this once in a thousand


@dataclass(frozen=True)
class Distances:
    """Population stability index, total variation over common values, Kolmogorov-Smirnov distance; NaN where undefined.

    ``psi_by_chance`` and ``total_variation_by_chance`` are what two samples of one population have on average,
    ``ks_by_chance`` what one in a thousand pairs of them exceeds, and ``ks_error`` how far sketches of many rows may
    put the distance off.
    """

    psi: float = math.nan
    psi_by_chance: float = math.nan
    total_variation: float = math.nan
    total_variation_by_chance: float = math.nan
    ks: float = math.nan
    ks_error: float = math.nan
    ks_by_chance: float = math.nan

    def to_dict(self) -> dict[str, float | None]:
        """As JSON-safe data: what is undefined is ``None``."""
        return {name: value if math.isfinite(value) else None for name, value in asdict(self).items()}


def distances(p: Spread, q: Spread) -> Distances:
    """The distances from ``p`` to ``q``.

    >>> from losses.profile import Profile
    >>> d = distances(Profile.of([1, 2, 3, 4]), Profile.of([3, 4, 5, 6]))
    >>> d.ks, d.total_variation, d.ks_error
    (0.5, 0.5, 0.0)
    """
    if p.structure or q.structure or not (p.n and q.n):
        return Distances()
    shares = np.array(_cells(p, q))
    many = numeric(p) and numeric(q) and max(p.values.distinct, q.values.distinct) > 2 * BINS
    bins = _bins(p, q) if many else shares
    bins = bins[:, bins.any(axis=0)]
    between = 1 / p.n + 1 / q.n
    pooled = (shares[0] * p.n + shares[1] * q.n).clip(0, p.n + q.n) / (p.n + q.n)
    ks, error = ks_distance(p, q)
    return Distances(
        psi=_psi(bins, p.n, q.n),
        psi_by_chance=(bins.shape[1] - 1) * between,
        total_variation=float(np.abs(shares[0] - shares[1]).sum() / 2),
        total_variation_by_chance=float(np.sqrt(pooled * (1 - pooled) * between / (2 * math.pi)).sum()),
        ks=ks,
        ks_error=error,
        ks_by_chance=_TAIL * math.sqrt(between) if math.isfinite(ks) else math.nan,
    )


def numeric(p: Spread) -> bool:
    """True for a column of numbers and nothing else."""
    return bool(p.moments.total) and not p.words.distinct


def ks_distance(p: Spread, q: Spread) -> tuple[float, float]:
    """The largest gap between the two distribution functions, and by how much the sketches may be off."""
    if not (numeric(p) and numeric(q)):
        return math.nan, math.nan
    (x, x_rows), (y, y_rows) = p.sketch.weighted(), q.sketch.weighted()
    at = np.union1d(x, y)
    gap = float(np.abs(_below(x, x_rows, at) - _below(y, y_rows, at)).max())
    return gap, p.sketch.rank_error + q.sketch.rank_error


def share_of(p: Spread, values: npt.NDArray[np.generic]) -> Floats:
    """The share of rows at each of these numbers or strings."""
    if values.dtype.kind == "U":
        return _listed(p.words, values) / p.mass
    if not p.values.full:
        return _listed(p.values, values) / p.mass
    x, rows = p.sketch.weighted()
    ends = (np.concatenate([[0.0], np.cumsum(rows)])[np.searchsorted(x, values, side)] for side in ("right", "left"))
    return np.subtract(*ends) / p.mass


def common_values(p: Spread, least: float = COMMON) -> list[npt.NDArray[np.generic]]:
    """The numbers and the strings that hold at least this share of the rows."""
    x, mass = (p.values.values, p.values.mass) if not p.values.full else p.sketch.weighted()
    at, place = np.unique(x, return_inverse=True)
    heavy = np.bincount(place, mass, at.size) >= least * p.mass
    return [at[heavy], p.words.values[p.words.mass >= least * p.mass].astype(np.str_)]


def _cells(p: Spread, q: Spread) -> tuple[Floats, Floats]:
    """The shares of each common value of either column, and of all others together; all values where they are few."""
    few = not any(t.full for t in (p.values, q.values, p.words, q.words))
    least = 0.0 if few and max(p.values.distinct, q.values.distinct) <= 50 else max(COMMON, REPEATED / min(p.n, q.n))
    kinds = zip(common_values(p, least), common_values(q, least), strict=True)
    values = [np.union1d(a, b) if a.size and b.size else (a if a.size else b) for a, b in kinds]
    first, second = (np.concatenate([share_of(side, v) for v in values if v.size] or [np.empty(0)]) for side in (p, q))
    return np.append(first, max(1 - first.sum(), 0.0)), np.append(second, max(1 - second.sum(), 0.0))


def _bins(p: Spread, q: Spread) -> Floats:
    """The shares between the deciles of the first column."""
    edges = np.unique([p.quantile(i / BINS) for i in range(1, BINS)])
    below = [_below(*side.sketch.weighted(), edges) for side in (p, q)]
    return np.array([np.diff(b, prepend=0.0, append=1.0) for b in below])


def _psi(shares: Floats, n: int, m: int) -> float:
    """Cells that are empty on one side count as half a row there."""
    a, b = np.maximum(shares[0], 0.5 / n), np.maximum(shares[1], 0.5 / m)
    return float(((b - a) * np.log(b / a)).sum())


def _below(x: Floats, rows: Floats, at: Floats) -> Floats:
    """The share of rows that are at most each of ``at``."""
    found: Floats = np.concatenate([[0.0], np.cumsum(rows)])[np.searchsorted(x, at, "right")] / rows.sum()
    return found


def _listed(tally: Tally, values: npt.NDArray[np.generic]) -> Floats:
    known = dict(zip(tally.values.tolist(), tally.mass.tolist(), strict=True))
    return np.array([known.get(v, 0) for v in values.tolist()], dtype=np.float64)
