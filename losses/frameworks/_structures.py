"""The formulas of what is more than a row of numbers: ordered classes, boxes, embeddings, whole masks, latents.

Written as those of ``_formulas``. Where the loss has no target, ``y`` is not looked at. Square roots are held off zero,
so that equal vectors have the slope 0 and not NaN.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

LEAST = 1e-30
OUT = 1e30  # beyond all thresholds
CERTAIN = 37.0  # sigmas beyond which a normal law has nothing
HIDDEN = -3e4  # a similarity that no softmax sees, and that half precision can hold


def _marks(ops: Any, where: Any, like: Any) -> Any:
    """1 where it holds, else 0, of the type of ``like``."""
    one = ops.ones_like(like)
    return ops.where(where, one, one - one)


# ── classes in an order ─────────────────────────────────────────────────────────────────────────────────────────────


def _questions(ops: Any, y: Any, z: Any) -> Any:
    """The surprise at each "is it above class k?"."""
    above = _marks(ops, y[..., None] > ops.places(z), z)
    return above * ops.softplus(-z) + (1 - above) * ops.softplus(z)


def coral(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    costs = _questions(ops, y, z)
    return ops.total(costs if loss.importance_weights is None else costs * ops.row(loss.importance_weights, z))


def corn(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    """Scaled so that the mean over rows is that over the questions asked."""
    asked = _marks(ops, y[..., None] >= ops.places(z), z)
    every = ops.total(ops.reshape(asked, (1, -1)))[0]
    return ops.total(asked * _questions(ops, y, z)) * (z.shape[0] / every)


def cumulative_link(ops: Any, loss: Any, y: Any, score: Any, thresholds: Any) -> Any:
    ends = ops.row([-OUT, OUT], thresholds)
    edges = ops.concatenate([ends[:1], thresholds, ends[1:]], 0)
    low, high = ops.taken(edges, y), ops.taken(edges, y + 1)
    if loss.link == "logit":
        return ops.softplus(score - high) + ops.softplus(low - score) - ops.log(-ops.expm1(low - high))
    return _between(ops, ops.maximum(low - score, -CERTAIN * ops.ones_like(score)), high - score)


def _between(ops: Any, low: Any, high: Any) -> Any:
    """Minus the log of what a normal law has between two points, counted from the nearer tail."""
    high = ops.minimum(high, CERTAIN * ops.ones_like(high))
    top, bottom = ops.log_ndtr(ops.where(low > 0, -low, high)), ops.log_ndtr(ops.where(low > 0, -high, low))
    return -top - ops.log(-ops.expm1(bottom - top))


# ── boxes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Pair:
    """Two boxes: where they meet, what they cover together, and the hull around them."""

    def __init__(self, ops: Any, y: Any, z: Any) -> None:
        sizes = [box[..., 2:] - box[..., :2] for box in (y, z)]
        shared = ops.relu(ops.minimum(y[..., 2:], z[..., 2:]) - ops.maximum(y[..., :2], z[..., :2]))
        self.meet = shared[..., 0] * shared[..., 1]
        self.union = sum(size[..., 0] * size[..., 1] for size in sizes) - self.meet
        self.hull = ops.maximum(y[..., 2:], z[..., 2:]) - ops.minimum(y[..., :2], z[..., :2])


def _over(ops: Any, top: Any, bottom: Any) -> Any:
    return top / ops.at_least(bottom, LEAST)


def _lack(ops: Any, loss: Any, pair: _Pair) -> Any:
    return _over(ops, pair.union - pair.meet + loss.eps, pair.union + loss.eps)


def box_iou(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    return _lack(ops, loss, _Pair(ops, y, z))


def giou(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    pair = _Pair(ops, y, z)
    area = pair.hull[..., 0] * pair.hull[..., 1]
    return _lack(ops, loss, pair) + _over(ops, area - pair.union, area + loss.eps)


def diou(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    pair = _Pair(ops, y, z)
    apart = (z[..., :2] - y[..., :2] + z[..., 2:] - y[..., 2:]) / 2
    diagonal = ops.total(ops.square(pair.hull)) + loss.eps
    return _lack(ops, loss, pair) + _over(ops, ops.total(ops.square(apart)), diagonal)


def ciou(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    aspects = [ops.arctan2(box[..., 2] - box[..., 0], box[..., 3] - box[..., 1]) for box in (y, z)]
    off = 4 / math.pi**2 * ops.square(aspects[0] - aspects[1])
    whole = _lack(ops, loss, _Pair(ops, y, z)) + off + loss.eps
    return diou(ops, loss, y, z) + _over(ops, ops.square(off), whole)


# ── embeddings ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _root(ops: Any, square: Any) -> Any:
    return ops.sqrt(ops.at_least(square, LEAST))


def _unit(ops: Any, x: Any) -> Any:
    return x / _root(ops, ops.total(ops.square(x)))[..., None]


def contrastive(ops: Any, loss: Any, y: Any, x1: Any, x2: Any) -> Any:
    square = ops.total(ops.square(x1 - x2 + loss.eps))
    return ops.where(y > 0, square, ops.square(ops.relu(loss.margin - _root(ops, square))))


def triplet(ops: Any, loss: Any, y: Any, anchor: Any, positive: Any, negative: Any) -> Any:
    near, far = (_distance(ops, loss, anchor, other) for other in (positive, negative))
    if loss.swap:
        far = ops.minimum(far, _distance(ops, loss, positive, negative))
    return ops.relu(loss.margin + near - far)


def _distance(ops: Any, loss: Any, a: Any, b: Any) -> Any:
    way = ops.abs(a - b + loss.eps)
    if loss.p == 2:
        square = ops.total(ops.square(way))
        return square if loss.squared else _root(ops, square)
    return ops.at_least(ops.total(way**loss.p), LEAST) ** ((2 if loss.squared else 1) / loss.p)


def cosine_embedding(ops: Any, loss: Any, y: Any, x1: Any, x2: Any) -> Any:
    cosine = ops.total(_unit(ops, x1) * _unit(ops, x2))
    return ops.where(y > 0, 1 - cosine, ops.relu(cosine - loss.margin))


def infonce(ops: Any, loss: Any, y: Any, anchor: Any, positive: Any, negatives: Any = None) -> Any:
    own, twin = _unit(ops, anchor), _unit(ops, positive)
    if negatives is None:
        scores = ops.matmul(own, ops.transpose(twin)) / loss.temperature
        ways = [scores, ops.transpose(scores)] if loss.symmetric else [scores]
        return sum(-ops.total(ops.log_softmax(way) * ops.eye(way)) for way in ways) / len(ways)
    rivals = ops.matmul(own, ops.transpose(_unit(ops, negatives)))
    scores = ops.concatenate([ops.total(own * twin)[..., None], rivals], -1) / loss.temperature
    return -ops.log_softmax(scores)[..., 0]


def _seen(ops: Any, loss: Any, x: Any) -> tuple[Any, Any]:
    """The log-softmax of each row's cosines with all others, and the diagonal, which is hidden."""
    unit = _unit(ops, x)
    scores = ops.matmul(unit, ops.transpose(unit)) / loss.temperature
    itself = ops.eye(scores)
    return ops.log_softmax(ops.where(itself > 0, HIDDEN * itself, scores)), itself


def nt_xent(ops: Any, loss: Any, y: Any, z1: Any, z2: Any) -> Any:
    """The mean of both views of each thing."""
    surprise, itself = _seen(ops, loss, ops.concatenate([z1, z2], 0))
    n = z1.shape[0]
    both = -ops.total(surprise * ops.concatenate([itself[n:], itself[:n]], 0))
    return (both[:n] + both[n:]) / 2


def supcon(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    surprise, itself = _seen(ops, loss, z)
    kin = _marks(ops, y[:, None] == y[None, :], itself) - itself
    return -ops.total(surprise * kin) / ops.at_least(ops.total(kin), 1.0)


# ── masks and latents ───────────────────────────────────────────────────────────────────────────────────────────────


def lovasz_hinge(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    images = y.shape[0] if loss.per_image and len(y.shape) > 1 else 1
    y, z = ops.reshape(y, (images, -1)), ops.reshape(z, (images, -1))
    lacks = 1 - (2 * y - 1) * z
    order = ops.order(-lacks)
    worst, truth = ops.along(lacks, order), _marks(ops, ops.along(y, order) > 0, z)
    hits = ops.total(truth)[:, None] - ops.running(truth)
    union = hits + ops.running(truth) + ops.running(1 - truth)
    before = union - (1 - truth)
    price = ops.where(truth > 0, 1 / union, ops.where(before > 0, hits / union / ops.at_least(before, 1.0), truth + 1))
    return ops.total(ops.relu(worst) * price)


def elbo(
    ops: Any, loss: Any, y: Any, logits: Any, reconstruction: Any, mu: Any, logvar: Any, data: Any, kl: Any
) -> Any:
    if kl is not None:
        return data + loss.beta * kl
    cost = loss.beta / 2 * _by_row(ops, ops.square(mu) + ops.expm1(logvar) - logvar)
    if logits is not None:
        return cost + _by_row(ops, y * ops.softplus(-logits) + (1 - y) * ops.softplus(logits))
    if reconstruction is None:
        return cost
    if loss.likelihood == "gaussian":
        return cost + _by_row(ops, ops.square(y - reconstruction)) / 2
    ends = (ops.log(ops.at_least(share, LEAST)) for share in (reconstruction, 1 - reconstruction))
    return cost - _by_row(ops, sum(part * log for part, log in zip((y, 1 - y), ends, strict=True)))


def _by_row(ops: Any, x: Any) -> Any:
    return ops.total(ops.reshape(x, (x.shape[0], -1))) if len(x.shape) > 1 else x


STRUCTURES = {
    formula.__name__: formula
    for formula in (
        coral, corn, cumulative_link, box_iou, giou, diou, ciou, contrastive, triplet, cosine_embedding, infonce,
        nt_xent, supcon, lovasz_hinge, elbo,
    )
}  # fmt: skip


def called(loss: Any, order: str = "z, y") -> list[str]:
    """How a loss of several arrays is called, as a comment: in a dictionary, or one by one as torch's own are."""
    if "y_pred" in loss.inputs or loss.about.elicits not in ("similarity", "bound"):
        return []
    names = [name for name in loss.inputs if name not in ("y_true", *OPTIONAL)]
    parts = {"z": "{" + ", ".join(f"'{name}': {name}" for name in names) + "}", "one by one": ", ".join(names)}
    parts |= {"y": "target"} if "y_true" in loss.inputs else {}
    return [f"# cost = loss_fn({', '.join(parts[part] for part in order.split(', ') if part in parts)})"]


class Head(NamedTuple):
    """How many numbers a model puts out for each row, and what NumPy makes of them in the end."""

    outputs: str
    final: str


HEADS = {
    "coral": Head("int(np.max(y))", "({} > 0).sum(axis=1)"),
    "corn": Head("int(np.max(y))", "(np.cumprod(1 / (1 + np.exp(-{})), axis=1) > 0.5).sum(axis=1)"),
    "supcon": Head("16", "{}"),
}
OPTIONAL = ("negatives", "reconstruction", "reconstruction_loss", "kl")
OF_BOXES = ("box_iou", "giou", "diou", "ciou")
BY_QUESTION = ("corn",)  # whose mean is not over rows
