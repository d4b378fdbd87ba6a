"""Who is faster: our losses against reading the data at all, against the peers, and against naive formulas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

import losses
from benchmarks.data import Data
from benchmarks.peers import libraries
from benchmarks.table import Row, Target
from benchmarks.timing import Work, medians, repeated

OURS, READS = "ours", "reads"
SAMPLE = 100  # rows on which candidates must agree
AGREED = 1e-4  # relatively: some peers add an epsilon inside a logarithm
CALLS = 300  # of a short piece of work

Derivatives = tuple[Any, Any]  # gradient and hessian

NAIVE: dict[str, Callable[[Any, Any], Derivatives]] = {
    "mse": lambda y, z: (2 * (z - y), np.full_like(z, 2)),
    "huber": lambda y, z: (np.clip(miss := z - y, -1, 1), (np.abs(miss) <= 1).astype(float)),
    "log_cosh": lambda y, z: (slope := np.tanh(z - y), 1 - slope**2),
    "bce_with_logits": lambda y, z: ((p := 1 / (1 + np.exp(-z))) - y, p * (1 - p)),
    "poisson_nll:log_input=true": lambda y, z: ((rate := np.exp(z)) - y, rate),
}


class Entry(NamedTuple):
    """A candidate: a peer's loss, in one of the ways to call it."""

    peer: str
    spec: str
    way: int


def entries(specs: Sequence[str], data: Data) -> dict[Entry, Work]:
    """All peers that have some of these losses; raises where one computes something else than we do."""
    few = _each(data, lambda array: array[:SAMPLE])
    ours = losses.evaluate(specs, *few)
    for entry, work in _entries(specs, few).items():
        np.testing.assert_allclose(float(work()), ours[entry.spec].value, rtol=AGREED, err_msg=str(entry))
    return _entries(specs, data)


def _entries(specs: Sequence[str], data: Data) -> dict[Entry, Work]:
    found: dict[Entry, Work] = {}
    for peer, library in libraries().items():
        known = [spec for spec in specs if spec in library.losses]
        taken = _each(data, library.take) if known else data
        found |= {
            Entry(peer, spec, i): _call(way, library.losses[spec], taken)
            for spec in known
            for i, way in enumerate(library.ways)
        }
    return found


def _call(way: Callable[[Any, Any, Any], Any], formula: Any, data: Data) -> Work:
    return lambda: way(formula, *data)


def _each(data: Data, change: Callable[[Any], Any]) -> Data:
    def changed(part: Any) -> Any:
        if isinstance(part, Mapping):
            return {name: change(array) for name, array in part.items()}
        return None if part is None else change(part)

    return changed(data[0]), changed(data[1])


def _best(took: Mapping[Any, float]) -> dict[str, float]:
    """The least time of each peer."""
    found: dict[str, float] = {}
    for entry, seconds in took.items():
        if isinstance(entry, Entry):
            found[entry.peer] = min(seconds, found.get(entry.peer, seconds))
    return found


def _ratios(took: Mapping[Any, float]) -> dict[str, float]:
    """How many times faster we are than each peer, the fastest peer first."""
    return {peer: seconds / took[OURS] for peer, seconds in sorted(_best(took).items(), key=lambda x: x[1])}


def _told(ratios: Mapping[str, float]) -> str:
    return ", ".join(f"{peer} {ratio:.{1 if ratio >= 1 else 2}f}" for peer, ratio in ratios.items())


def _reading(y: Any, z: Any) -> Work:
    return lambda: y.sum() + z.sum()


def _evaluating(specs: Sequence[str], data: Data) -> Work:
    return lambda: losses.evaluate(specs, *data)


# ── the races ───────────────────────────────────────────────────────────────────────────────────────────────────────


def one_loss(spec: str, data: Data, reads: Target | None, peers: Target) -> list[Row]:
    """A loss alone, in reads (of pairs) and against each peer."""
    works: dict[Any, Work] = {OURS: _evaluating([spec], data), **entries([spec], data)}
    if reads:
        works[READS] = _reading(*data)
    took = medians(works)
    ratios = _ratios(took)
    found = [Row(f"{spec}, in reads", took[OURS] / took[READS], reads)] if reads else []
    return [*found, Row(f"{spec}, beside peers", min(ratios.values(), default=None), peers, _told(ratios))]


def ten(specs: Sequence[str], data: Data, reads: Target, peers: Target) -> list[Row]:
    """Ten losses in one pass, against their calls one after another, each loss by the peer that is fastest at it."""
    known = entries(specs, data)
    heats = medians(known, repeats=3)
    fastest = {spec: min((e for e in known if e.spec == spec), key=heats.__getitem__) for spec in specs}
    works = {
        READS: _reading(*data),
        OURS: _evaluating(specs, data),
        "peers": lambda: [known[entry]() for entry in fastest.values()],
    }
    took = medians(works)
    by = ", ".join(f"{e.spec.partition(':')[0]} {e.peer}" for e in fastest.values())
    return [
        Row("ten losses in one evaluate, in reads", took[OURS] / took[READS], reads),
        Row("ten losses in one evaluate, beside peers", took["peers"] / took[OURS], peers, f"the fastest: {by}"),
    ]


def against_torch(spec: str, data: Data, target: Target, remark: Callable[[Data], str] | None = None) -> list[Row]:
    """A loss of class scores, masks, boxes or embeddings; other peers are told beside."""
    ratios = _ratios(medians({OURS: _evaluating([spec], data), **entries([spec], data)}))
    beside = [_told(ratios), remark(data) if remark and "torch" in ratios else ""]
    return [Row(spec, ratios.get("torch"), target, "; ".join(filter(None, beside)))]


def matmul(data: Data) -> str:
    """The product of all anchors with all positives alone: torch's against NumPy's."""
    _, z = data
    torch = libraries()["torch"]
    tensors = _each(data, torch.take)[1]
    works: dict[Any, Work] = {OURS: lambda: z["anchor"] @ z["positive"].T}
    for i, way in enumerate(torch.ways):
        works[Entry("torch", "matmul", i)] = _call(way, lambda a, p: a @ p.T, (tensors["anchor"], tensors["positive"]))
    took = medians(works)
    ratio = took[OURS] / _best(took)["torch"]
    wins = "torch's wins" if ratio > 1 else "torch's does not win"
    return f"its matmul alone: {wins}, {ratio:.2f}x as fast as NumPy's"


def derivatives(spec: str, data: Data, target: Target) -> list[Row]:
    """Gradient and hessian, as boosters ask for them, against the formula in NumPy."""
    loss, naive = losses.get(spec), NAIVE[spec]

    def ours() -> Derivatives:
        return loss.derivatives(*data)

    for mine, theirs in zip(ours(), naive(*data), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=AGREED, atol=1e-12)
    took = medians({OURS: ours, "naive": lambda: naive(*data)})
    return [Row(f"{spec}, gradient + hessian", took["naive"] / took[OURS], target)]


def small(n: int, target: Target) -> list[Row]:
    """A short array: what a call costs beside scikit-learn's."""
    y = np.arange(float(n))
    z = y + 1
    works: dict[Any, Work] = {OURS: repeated(lambda: losses.MSE()(y, z), CALLS)}
    works |= {entry: repeated(work, CALLS) for entry, work in entries(["mse"], (y, z)).items()}
    took = medians(works)
    ratios = _ratios(took)
    beside = f"ours {took[OURS] / CALLS * 1e6:.0f} us a call; {_told(ratios)}"
    return [Row(f"mse, n = {n}, beside scikit-learn", ratios.get("scikit-learn"), target, beside)]
