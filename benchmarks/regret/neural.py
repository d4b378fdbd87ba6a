"""A small net that is trained with a loss, in torch: two hidden layers, Adam, early stopping on a fifth of the rows.

The nets of all losses are trained side by side, as one stack of weights: from the same start, on the same batches, and
each is left as it was in its own best epoch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from benchmarks.regret.menu import Plan
from losses.domains import REALS

WIDTH, EPOCHS, PATIENCE, BATCH, RATE, DECAY = 64, 60, 8, 128, 3e-3, 1e-4
UPPER = 1.2815515655446004  # standard deviations from the mean to the 0.9 quantile of a normal
STEEP = 15.0  # the most that a log may be off the log of the mean

LINKS = {"positive": "log", "nonnegative": "log", "above_minus_one": "log1p"}  # by where a prediction may lie

Cost = Callable[[Any, Any], Any]


def numbers(plans: Sequence[Plan], x: Any, y: Any, new: Any) -> Iterator[tuple[Any, Any]]:
    """For each loss the predictions of the mean and of the 0.9 quantile; these differ where a spread is learnt."""
    heads = [Head(plan, y) for plan in plans]
    raw = _fitted([head.cost for head in heads], 2, x, torch.tensor(y, dtype=torch.float32), new)
    return (head.predictions(part) for head, part in zip(heads, raw, strict=True))


def classes(plans: Sequence[Plan], x: Any, y: Any, k: int, new: Any) -> Iterator[Any]:
    """For each loss the probabilities: the softmax of k scores."""
    raw = _fitted([plan.loss.to("torch") for plan in plans], k, x, torch.tensor(y), new)
    return (torch.softmax(part.double(), dim=1).numpy() for part in raw)


class Head:
    """How the outputs of a net become predictions in the unit of the target, and what these cost."""

    def __init__(self, plan: Plan, y: Any) -> None:
        self.plan, self.export = plan, plan.loss.to("torch")
        self.link = LINKS.get(plan.loss.inputs.get("y_pred", REALS).name)
        self.spreads = "var" in plan.loss.inputs
        seen = np.log1p(y) if self.link == "log1p" else y
        self.middle, self.spread = float(seen.mean()), float(seen.std()) or 1.0

    def cost(self, raw: Any, truth: Any) -> Any:
        """The loss of these rows."""
        if self.plan.relative:
            some = truth != 0
            return self.export(self.centre(raw)[some], truth[some]) if some.any() else 0 * raw.sum()
        return self.export(self.centre(raw), truth, *((self.variance(raw),) if self.spreads else ()))

    def centre(self, raw: Any) -> Any:
        """The prediction, through the link that the loss calls for."""
        if self.link == "log":
            return self.middle * torch.exp(torch.clamp(raw[:, 0], max=STEEP))
        line = self.middle + self.spread * raw[:, 0]
        return torch.expm1(torch.clamp(line, min=-STEEP)) if self.link == "log1p" else line

    def variance(self, raw: Any) -> Any:
        """The spread that is learnt, squared."""
        return self.spread**2 * torch.exp(torch.clamp(raw[:, 1], -STEEP, STEEP))

    def predictions(self, raw: Any) -> tuple[Any, Any]:
        """The mean and the 0.9 quantile."""
        mean = self.centre(raw).numpy().astype(float)
        return mean, mean + UPPER * np.sqrt(self.variance(raw).numpy()) if self.spreads else mean


def _fitted(costs: Sequence[Cost], outputs: int, x: Any, truth: Any, new: Any) -> Any:
    """The outputs of each net for new rows, from the epoch that cost it least on the rows kept back."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    middle, spread = x.mean(axis=0), x.std(axis=0)
    spread[spread == 0] = 1.0
    rows, asked = (torch.tensor((part - middle) / spread, dtype=torch.float32) for part in (x, new))
    order = torch.randperm(len(rows))
    kept, used = order[: len(rows) // 5], order[len(rows) // 5 :]
    weights = _start(len(costs), (rows.shape[1], WIDTH, WIDTH, outputs))
    units = [abs(one) or 1.0 for one in _each(costs, weights, rows[used], truth[used])]  # Adam feels none
    adam = torch.optim.Adam(weights, lr=RATE, weight_decay=DECAY, fused=True)
    best, least, since = [w.detach().clone() for w in weights], [math.inf] * len(costs), [0] * len(costs)
    live = list(range(len(costs)))
    for _ in range(EPOCHS):
        for batch in used[torch.randperm(len(used))].split(BATCH):
            adam.zero_grad()
            raw = _outputs(weights, rows[batch])
            sum(costs[net](part, truth[batch]) / units[net] for net, part in zip(live, raw, strict=True)).backward()
            adam.step()
        found = _each([costs[net] for net in live], weights, rows[kept], truth[kept])
        for place, (net, now) in enumerate(zip(live, found, strict=True)):
            since[net] = 0 if now < least[net] else since[net] + 1
            if now < least[net]:
                least[net] = now
                for of_best, of_all in zip(best, weights, strict=True):
                    of_best[net] = of_all.detach()[place]
        going = [place for place, net in enumerate(live) if since[net] < PATIENCE]
        if not going:
            break
        if len(going) < len(live):
            live = [live[place] for place in going]
            weights, adam = _part(weights, adam, going)
    return _outputs(best, asked)


def _part(weights: Sequence[Any], adam: Any, places: list[int]) -> tuple[list[Any], Any]:
    """The nets of the stack that go on, with what Adam remembers of them."""
    rest = [weight.detach()[places].requires_grad_() for weight in weights]
    after = torch.optim.Adam(rest, lr=RATE, weight_decay=DECAY, fused=True)
    for old, new in zip(weights, rest, strict=True):
        after.state[new] = {key: part[places] if part.ndim else part for key, part in adam.state[old].items()}
    return rest, after


def _start(nets: int, sizes: Sequence[int]) -> list[Any]:
    """Weights and biases of a stack of equal nets, which all answer 0 at first."""
    found = []
    for number, (fan, out) in enumerate(pairwise(sizes), 1):
        last = number == len(sizes) - 1
        for shape in ((fan, out), (1, out)):
            bound = 0.0 if last else fan**-0.5
            found.append(torch.empty(shape).uniform_(-bound, bound).repeat(nets, 1, 1).requires_grad_())
    return found


def _outputs(weights: Sequence[Any], rows: Any) -> Any:
    hidden = rows.expand(len(weights[0]), *rows.shape)
    for number in range(0, len(weights), 2):
        hidden = torch.baddbmm(weights[number + 1], torch.relu(hidden) if number else hidden, weights[number])
    return hidden


def _each(costs: Sequence[Cost], weights: Sequence[Any], rows: Any, truth: Any) -> list[float]:
    with torch.no_grad():
        return [float(cost(part, truth)) for cost, part in zip(costs, _outputs(weights, rows), strict=True)]
