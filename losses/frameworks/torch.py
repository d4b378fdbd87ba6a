"""PyTorch: a module called as ``loss_fn(prediction, target)``, torch's own or one written in torch operations."""

from __future__ import annotations

import functools
import importlib
from types import SimpleNamespace
from typing import Any, NamedTuple

from ..core import Loss
from ..errors import NotSupported
from ._formulas import FORMULAS, SAME_NAMES, parts
from ._spelling import Call, Framework, Ours, call, missing, no
from ._steps import Steps, by_class, heads, outputs, way_back, way_out, width
from ._structures import BY_QUESTION, OF_BOXES, called


def _import() -> Any:
    try:
        return importlib.import_module("torch")
    except ModuleNotFoundError as error:
        raise missing("torch") from error


@functools.cache
def _ops() -> SimpleNamespace:
    torch = _import()
    functional = torch.nn.functional

    def pick(rows: Any, labels: Any) -> Any:
        return rows.gather(-1, labels.long()[..., None])[..., 0]

    def row(numbers: Any, like: Any) -> Any:
        return torch.tensor(numbers, dtype=like.dtype, device=like.device)

    return SimpleNamespace(
        **{name: getattr(torch, name) for name in (*SAME_NAMES, "erf", "lgamma", "sigmoid", "relu")}
        | {"transpose": lambda x: x.T},
        log_ndtr=torch.special.log_ndtr,
        softplus=lambda x: torch.logaddexp(x, torch.zeros_like(x)),
        at_least=lambda x, low: torch.clamp(x, min=low),
        log_softmax=lambda x: functional.log_softmax(x, dim=-1),
        pick=pick,
        row=row,
        each=lambda numbers, labels, like: row(numbers, like)[labels.long()],
        total=lambda rows: rows.sum(dim=-1),
        most=lambda rows: rows.amax(dim=-1),
        masked=lambda rows, labels: rows.scatter(-1, labels.long()[..., None], 0.0),
        places=lambda rows: torch.arange(rows.shape[-1], dtype=rows.dtype, device=rows.device),
        taken=lambda numbers, at: numbers[at.long()],
        eye=lambda rows: torch.eye(rows.shape[-1], dtype=rows.dtype, device=rows.device),
        running=lambda rows: rows.cumsum(dim=-1),
        order=lambda rows: rows.argsort(dim=-1, stable=True),
        along=lambda rows, order: rows.gather(-1, order),
    )


@functools.cache
def _module() -> type:
    base: Any = _import().nn.Module

    class RowLoss(base):  # type: ignore[misc]
        """A loss that torch lacks; ``weight`` is one number a row, and a weighted mean is over the sum of weights."""

        def __init__(self, loss: Loss, reduction: str = "mean") -> None:
            super().__init__()
            self.loss, self.reduction = loss, reduction

        def forward(self, input: Any, target: Any = None, weight: Any = None) -> Any:  # noqa: A002 (torch's own name)
            cost = FORMULAS[self.loss.about.id](_ops(), self.loss, target, *parts(self.loss, input))
            if weight is not None:
                if self.loss.about.id in BY_QUESTION:
                    raise NotSupported(f"{self.loss} is a mean over questions, not over rows: it takes no weights")
                weight = weight.reshape(weight.shape + (1,) * (cost.ndim - weight.ndim)).expand_as(cost)
                cost = cost * weight
            if self.reduction != "mean":
                return cost.sum() if self.reduction == "sum" else cost
            return cost.mean() if weight is None else cost.sum() / weight.sum()

        def extra_repr(self) -> str:
            return str(self.loss)

        def __reduce__(self) -> tuple[Any, ...]:
            return _build, (self.loss, self.reduction)

    return RowLoss


def _build(loss: Loss, reduction: str = "mean") -> Any:
    return _module()(loss, reduction)


def _ours(loss: Loss) -> Ours:
    return Ours(loss, "torch", _build)


def _own(name: str, *same: str, **options: Any) -> Any:
    """A row for torch's own module, whose options are the loss's parameters of the same names."""
    return lambda loss: call(f"torch:nn.{name}", **{key: getattr(loss, key) for key in same}, **options)


def _numbers(values: Any) -> Call:
    return call("torch:tensor", [float(value) for value in values])


def _poisson(loss: Any) -> Any:
    """torch reads the log rate by default, and its ``full`` adds Stirling's approximation instead of log y!."""
    if loss.full:
        return _ours(loss)
    return call("torch:nn.PoissonNLLLoss", log_input=loss.log_input, eps=loss.eps or 1e-8)


def _bce(loss: Any) -> Any:
    if loss.label_smoothing:
        return _ours(loss)
    weight = {} if loss.pos_weight == 1 else {"pos_weight": call("torch:tensor", loss.pos_weight)}
    return call("torch:nn.BCEWithLogitsLoss", **weight)


def _cross_entropy(loss: Any) -> Any:
    _plain_ce(loss)
    costs, options = loss.costs_of_classes, {}
    if costs is not None:
        options["weight"] = _numbers(costs)
    if loss.ignore_index is not None:
        options["ignore_index"] = loss.ignore_index
    if loss.label_smoothing:
        options["label_smoothing"] = loss.label_smoothing
    return call("torch:nn.CrossEntropyLoss", **options)


def _plain_ce(loss: Any) -> None:
    if not loss.from_logits:
        no("CrossEntropyLoss reads logits, not probabilities", "cross_entropy")
    if loss.smoothing_mode != "all" and loss.label_smoothing:
        no("CrossEntropyLoss smooths over all classes", "label_smoothing_ce")
    if loss.normalise == "n" and loss.costs_of_classes is not None:
        no("CrossEntropyLoss divides by the sum of the weights", str(loss.about.id))


def _triplet(loss: Any) -> Any:
    if loss.squared:
        return _ours(loss)
    options = {key: getattr(loss, key) for key in ("margin", "p", "swap", "eps")}
    return call("torch:nn.TripletMarginLoss", **options)


def _multiclass_hinge(loss: Any) -> Any:
    if loss.variant != "weston_watkins":
        return _ours(loss)
    return call("torch:nn.MultiMarginLoss", p=loss.p, margin=loss.margin)


class Sketch(NamedTuple):
    """What of the lines that train depends on the loss: what a model puts out, how it is read, and what comes of it."""

    outputs: str
    forward: list[str]
    final: str
    dtype: str = "float32"
    before: tuple[str, ...] = ()
    trained: str = "model.parameters()"


COST = "cost = loss_fn(predictions, target)"
PLAIN = ["predictions = model(features)", COST]
CORNERS = "predictions = torch.cat([raw[:, :2], raw[:, :2] + torch.nn.functional.softplus(raw[:, 2:])], dim=1)"
OF_BOX = Sketch("4", ["raw = model(features)", CORNERS, COST], "predictions.detach().numpy()")
SKETCHES = {
    "coral": Sketch("int(target.max())", PLAIN, "(predictions.detach() > 0).sum(dim=1).numpy()", "long"),
    "corn": Sketch(
        "int(target.max())", PLAIN, "(predictions.detach().sigmoid().cumprod(dim=1) > 0.5).sum(dim=1).numpy()", "long"
    ),
    "cumulative_link": Sketch(
        "1",
        [
            "thresholds = torch.nn.functional.softplus(gaps).cumsum(dim=0)",
            "predictions = {'score': model(features).squeeze(-1), 'thresholds': thresholds}",
            COST,
        ],
        "(predictions['score'].detach()[:, None] > thresholds.detach()).sum(dim=1).numpy()",
        "long",
        ("gaps = torch.nn.Parameter(torch.zeros(int(target.max())))",),
        "[*model.parameters(), gaps]",
    ),
    **dict.fromkeys(OF_BOXES, OF_BOX),
    "supcon": Sketch("16", PLAIN, "predictions.detach().numpy()"),
}


def _write(loss: Loss, module: Any, steps: Steps) -> list[str]:
    if calls := called(loss, "z, y" if isinstance(module, Ours) else "one by one, y"):
        return ["import torch", f"loss_fn = {module}", *calls]
    sketch = SKETCHES.get(loss.about.id) or _sketch(loss, module, steps)
    return [
        "import torch",
        *steps.before,
        "torch.manual_seed(0)",
        "features = torch.as_tensor(X, dtype=torch.float32)",
        f"target = torch.as_tensor(y, dtype=torch.{sketch.dtype})",
        f"outputs = {sketch.outputs}",
        "layers = torch.nn.Linear(features.shape[-1], 64), torch.nn.ReLU(), torch.nn.Linear(64, outputs)",
        "model = torch.nn.Sequential(*layers)",
        *sketch.before,
        f"loss_fn = {module}",
        f"optimizer = torch.optim.Adam({sketch.trained}, lr=0.01)",
        "for epoch in range(100):",
        "    optimizer.zero_grad()",
        *(f"    {line}" for line in sketch.forward),
        "    cost.backward()",
        "    optimizer.step()",
        f"predictions = {sketch.final}",
        *steps.after,
    ]


def _sketch(loss: Loss, module: Any, steps: Steps) -> Sketch:
    if heads(loss, "torch.exp"):
        final = "{name: part.detach().numpy() for name, part in predictions.items()}"
        return Sketch(outputs(loss, steps, "", ""), _heads(loss, module), final)
    numbered = by_class(loss, steps) and not steps.wide
    flat = "" if numbered or steps.wide or width(loss) > 1 else ".squeeze(-1)"
    back = way_back(loss, steps)
    there = [f"predictions = torch.{back}(predictions{', dim=-1' if 'softmax' in back else ''})"] if back else []
    return Sketch(
        outputs(loss, steps, "target.shape[1]", "int(target.max()) + 1"),
        [f"predictions = model(features){flat}", *there, COST],
        f"predictions.detach(){_OUT[way_out(loss)]}.numpy()",
        "long" if numbered else "float32",
    )


def _heads(loss: Loss, module: Any) -> list[str]:
    given = "predictions, target" if isinstance(module, Ours) else "predictions['mean'], target, predictions['var']"
    return ["raw = model(features)", f"predictions = {heads(loss, 'torch.exp')}", f"cost = loss_fn({given})"]


_OUT = {None: "", "softmax": ".softmax(-1)", "sigmoid": ".sigmoid()", "exp": ".exp()"}


FRAMEWORK = Framework(
    place=5,
    aliases=("pytorch", "lightning", "pytorch_lightning"),
    family="neural",
    native={
        "mse": _own("MSELoss"),
        "mae": _own("L1Loss"),
        "huber": _own("HuberLoss", "delta"),
        "smooth_l1": _own("SmoothL1Loss", "beta"),
        "poisson_nll": _poisson,
        "gaussian_nll": _own("GaussianNLLLoss", "full", "eps"),
        "bce": _own("BCELoss"),
        "bce_with_logits": _bce,
        "weighted_bce": _bce,
        "cross_entropy": _cross_entropy,
        "weighted_ce": _cross_entropy,
        "class_balanced_ce": _cross_entropy,
        "label_smoothing_ce": _cross_entropy,
        "multiclass_hinge": _multiclass_hinge,
        "triplet": _triplet,
        "cosine_embedding": _own("CosineEmbeddingLoss", "margin"),
    },
    ours=dict.fromkeys(FORMULAS, _ours),
    forms={"distribution": {"cross_entropy": _cross_entropy, "label_smoothing_ce": _cross_entropy}},
    wide=True,
    otherwise="this loss has no formula in torch operations here yet",
    write=_write,
)
