"""Ways through predictions that are not one number: one thing moves, all else stands still, one way a row."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from losses.core import Loss
from losses.layouts import Classes

MISS, LOGIT, PROBABILITY = "prediction − truth", "logit of the true class", "probability of the true class"
COSINE, PAIR, SHIFT = "cosine of the pair", "distance of the pair", "shift of a box, in its widths"
OBJECT, PIXELS, LEVELS = 10, 100, 5
SCORE = f"score; level {LEVELS // 2} is right at 0"
FARTHER, LATENT = "how much farther the negative is than the positive", "mean of a latent"
ENDS = {
    LOGIT: (-6.0, 6.0),
    PROBABILITY: (0.01, 0.99),
    COSINE: (-0.99, 0.99),
    PAIR: (0.01, 3.0),
    SHIFT: (-2.0, 2.0),
    SCORE: (-6.0, 6.0),
    FARTHER: (-0.99, 3.0),
    LATENT: (-4.0, 4.0),
}
NORMAL_90 = 1.645  # sigmas to either end of a normal 90% interval
STEP = 1e-4


class Here(NamedTuple):
    """Where on the way: ``x``, for a loss, a truth and a usual miss."""

    x: float
    loss: Any
    truth: float
    sigma: float


class Slice(NamedTuple):
    """``at`` gives truth and prediction of one example on the way ``along``; ``said`` is what stands still."""

    along: str
    said: str
    at: Callable[[Here], tuple[Any, Any]]


SPREAD, MASKS = "a spread of one sigma", "one tenth foreground"


def _spread(name: str, power: int) -> Slice:
    return Slice(MISS, SPREAD, lambda h: ([h.truth], {"mean": [h.truth + h.x], name: [h.sigma**power]}))


def _interval(h: Here) -> tuple[Any, Any]:
    middle, half = h.truth + h.x, NORMAL_90 * h.sigma
    return [h.truth], {"lower": [middle - half], "upper": [middle + half]}


def _two(h: Here) -> tuple[Any, Any]:
    return [[0.0, 1.0]], [[1 - h.x, h.x]]


def _object() -> Any:
    return np.arange(PIXELS)[None] < OBJECT


def _mask(h: Here) -> tuple[Any, Any]:
    """Each pixel is given this probability for what it is; as logits where the loss reads them."""
    p = np.where(_object(), h.x, 1 - h.x)
    return _object() * 1.0, np.log(p / (1 - p)) if getattr(h.loss, "from_logits", False) else p


def _heads(h: Here) -> tuple[Any, Any]:
    return [_middle(h)], (h.x - _cuts(h))[None]


def _cuts(h: Here) -> Any:
    """Cut points an equal way apart, so many as the loss has weights for."""
    weights, classes = (getattr(h.loss, name, None) for name in ("importance_weights", "num_classes"))
    heads = len(weights) if weights else classes - 1 if classes else LEVELS - 1
    return 2.0 * np.arange(heads) - 2 * (heads // 2) + 1


def _middle(h: Here) -> int:
    return len(_cuts(h)) // 2


def _turned(cosine: float) -> list[float]:
    return [cosine, math.sqrt(max(1 - cosine**2, 0)), 0.0]


def _batch(h: Here) -> tuple[Any, Any]:
    """Two pairs at right angles, one of them closed."""
    return [AHEAD, ASIDE], [_turned(h.x), ASIDE]


def _pairs(truth: float, said: str) -> Slice:
    return Slice(PAIR, said, lambda h: ([truth], {"x1": [[0.0]], "x2": [[h.x]]}))


def _cosines(truth: float, said: str) -> Slice:
    return Slice(COSINE, said, lambda h: ([truth], {"x1": [AHEAD], "x2": [_turned(h.x)]}))


AHEAD, ASIDE = [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]
LIKE, UNLIKE, OTHERS = "a like pair", "an unlike pair", "others at cosine 0"
OF_MASK = Slice(PROBABILITY, MASKS, _mask)
OF_TWO = Slice(PROBABILITY, "two classes", _two)
OF_BOX = Slice(SHIFT, "boxes of one size", lambda h: ([[0.0, 0.0, 1.0, 1.0]], [[h.x, 0.0, 1 + h.x, 1.0]]))
OF_HEADS = Slice(SCORE, "cut points 2 apart", _heads)

SLICES: dict[str, tuple[Slice, ...]] = {
    "gaussian_nll": (_spread("var", 2),),
    "student_t_nll": (_spread("scale", 1),),
    "crps_gaussian": (_spread("sigma", 1),),
    "interval_score": (Slice(MISS, "middle of an interval of 1.645 sigmas either way", _interval),),
    "brier": (Slice(PROBABILITY, "", lambda h: ([1.0], [h.x])),),
    "kl_div": (Slice(PROBABILITY, "two classes", lambda h: _scaled(h, *_two(h))),),
    "js_div": (OF_TWO,),
    "multiclass_hinge": (Slice(LOGIT, "one rival at 0", lambda h: ([1], [[0.0, h.x]])),),
    "coral": (OF_HEADS,),
    "corn": (OF_HEADS,),
    "cumulative_link": (OF_HEADS._replace(at=lambda h: ([_middle(h)], {"score": [h.x], "thresholds": _cuts(h)})),),
    "elbo": (Slice(LATENT, "its KL term", lambda h: (None, {"mu": [[h.x]], "logvar": [[0.0]]})),),
    **dict.fromkeys(("dice", "iou", "tversky", "focal_tversky"), (OF_MASK,)),
    "lovasz_hinge": (Slice(LOGIT, MASKS, lambda h: (_object() * 1.0, np.where(_object(), h.x, -h.x))),),
    **dict.fromkeys(("box_iou", "giou", "diou", "ciou"), (OF_BOX,)),
    "contrastive": (_pairs(1.0, LIKE), _pairs(0.0, UNLIKE)),
    "cosine_embedding": (_cosines(1.0, LIKE), _cosines(-1.0, UNLIKE)),
    "triplet": (
        Slice(
            FARTHER, "the positive at distance 1",
            lambda h: (None, {"anchor": [[0.0]], "positive": [[-1.0]], "negative": [[1 + h.x]]}),
        ),
    ),
    "infonce": (Slice(COSINE, OTHERS, lambda h: (None, dict(zip(("anchor", "positive"), _batch(h), strict=True)))),),
    "nt_xent": (Slice(COSINE, OTHERS, lambda h: (None, dict(zip(("z1", "z2"), _batch(h), strict=True)))),),
    "supcon": (Slice(COSINE, OTHERS, lambda h: ([0, 0, 1], [AHEAD, _turned(h.x), ASIDE])),),
}  # fmt: skip


def _scaled(h: Here, truth: Any, shares: Any) -> tuple[Any, Any]:
    """Distributions on the scale that the loss reads them."""
    loss, logs = h.loss, np.log
    if loss.log_target:
        truth = logs(np.maximum(truth, 1e-300))
    return truth, logs(shares) if loss.from_log or loss.from_logits else shares


def _shares(h: Here) -> tuple[Any, Any]:
    """What the true class is not given, the others share."""
    classes = max([2, *(len(v) for v in h.loss.set_params().values() if isinstance(v, tuple))])
    true = int(h.loss.ignore_index != 1)
    shares = np.full((1, classes), (1 - h.x) / (classes - 1))
    shares[0, true] = h.x
    return [true], shares


def ways(loss: Any) -> tuple[Slice, ...]:
    """The ways through predictions of this loss; none where its prediction is one number."""
    if isinstance(loss, Classes) and getattr(loss, "from_logits", True) is False:
        return (Slice(PROBABILITY, "", _shares),)
    return SLICES.get(loss.about.id, ()) if isinstance(loss, Loss) else ()


def walked(way: Slice, here: Here) -> tuple[float, float]:
    """What it costs here, and how fast that rises along the way: the gradient times how the prediction moves."""
    y, z = way.at(here)
    cost = float(here.loss(y, z, reduction="mean"))
    slope = here.loss.gradient(y, z, reduction="mean")
    step = STEP * (here.sigma if way.along == MISS else 1.0)
    back, on = (way.at(here._replace(x=here.x + s))[1] for s in (-step, step))
    return cost, sum(_along(part, a, b) for part, a, b in _parts(slope, back, on)) / (2 * step)


def _parts(slope: Any, back: Any, on: Any) -> list[tuple[Any, Any, Any]]:
    if isinstance(slope, dict):
        return [(slope[name], back[name], on[name]) for name in slope if name in back]
    return [(slope, back, on)]


def _along(slope: Any, back: Any, on: Any) -> float:
    return float(np.sum(np.asarray(slope) * (np.asarray(on, float) - np.asarray(back, float))))
