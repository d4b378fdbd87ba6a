"""One or two requests for every operation: shown in the docs, run by the tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from losses import profile

from .media import CSV, JSON


@dataclass(frozen=True)
class Example:
    """A request: the method and the address with its parameters, and a body."""

    method: str
    path: str
    says: str
    body: Any = None
    media: str = JSON
    query: str = ""
    values: tuple[tuple[str, str], ...] = ()

    @property
    def operation(self) -> tuple[str, str]:
        """Which operation it shows."""
        return self.method, self.path

    @property
    def url(self) -> str:
        """The address, filled in."""
        return self.path.format(**dict(self.values)) + (f"?{self.query}" if self.query else "")

    @property
    def content(self) -> str:
        """The body as text."""
        return self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)

    def curl(self) -> str:
        """The request as a line for a shell."""
        line = f"curl 'http://localhost:8000{self.url}'"
        if self.body is None:
            return line
        quoted = self.content.replace("'", "'\\''")
        return f"{line} -H 'Content-Type: {self.media}' \\\n  --data-binary '{quoted}'"


PRICES = [12.5, 9.9, 31.0, 8.75, 14.2, 250.0, 11.1, 19.99, 7.4, 16.3]
DEARER = [1.1 * price + 2 for price in PRICES]
TRUTH, GUESS = [3, -0.5, 2, 7], [2.5, 0.0, 2, 8]

EXAMPLES = (
    Example("get", "/v1/losses", "the losses that LightGBM has and outliers do not steer",
            query="framework=lightgbm&robust=yes"),
    Example("get", "/v1/losses/{loss}", "one loss", values=(("loss", "huber"),)),
    Example("get", "/v1/curves", "what two losses cost and how they pull",
            query="loss=huber:delta=1.35&loss=mae&sigma=2&pictures=640"),
    Example("get", "/v1/code", "a loss in every framework that has it", query="loss=huber:delta=1.35"),
    Example("get", "/v1/warnings", "every warning there is"),
    Example("get", "/v1/vocabulary", "the words of a question"),
    Example("post", "/v1/profiles", "one column", {"target": PRICES, "name": "price"}),
    Example("post", "/v1/profiles", "one column of a file", "price,rooms\n12.5,3\n9.9,2\n31,5\n", CSV, "column=price"),
    Example("post", "/v1/profiles", "a whole table", {"columns": {"price": PRICES, "sold": ["yes", "no"] * 5}}),
    Example("post", "/v1/recommendations", "by the metric that counts in the end",
            {"target": PRICES, "name": "price", "metric": "mae", "framework": "lightgbm", "n": 3}),
    Example("post", "/v1/recommendations", "by what misses cost", "demand\n" + "".join(f"{d}\n" for d in PRICES), CSV,
            "column=demand&costs.under=3&costs.over=1"),
    Example("post", "/v1/recommendations", "by the task alone", {"task": "segmentation", "metric": "dice"}),
    Example("post", "/v1/checks", "a loss and the metric that counts in the end",
            {"loss": "mse", "metric": "mae", "target": PRICES, "name": "price"}),
    Example("post", "/v1/drift", "from one week to the next",
            {"before": profile(PRICES, name="price").to_dict(), "after": profile(DEARER, name="price").to_dict(),
             "metric": "mae"}),
    Example("post", "/v1/evaluations", "several losses in one pass",
            {"losses": ["mse", {"loss": "huber", "delta": 1.35}], "y_true": TRUTH, "y_pred": GUESS,
             "include": ["gradient"]}),
    Example("post", "/v1/evaluations", "a loss of several inputs",
            {"losses": ["gaussian_nll"], "y_true": TRUTH, "y_pred": {"mean": GUESS, "var": [1, 1, 2, 0.5]}}),
    Example("post", "/v1/evaluations", "a file",
            "y_true,y_pred\n3,2.5\n-0.5,0\n2,2\n7,8\n", CSV, "loss=mse&loss=huber:delta=1.35&reduction=mean"),
    Example("post", "/v1/audits", "two models", "y_true,old,new\n3,2.5,3\n-0.5,0,0\n2,2,2\n7,8,7\n", CSV,
            "loss=mae"),
    Example("post", "/v1/audits", "by the losses that suit",
            {"columns": {"y_true": TRUTH, "old": GUESS, "new": [3.1, -0.4, 2.2, 7]}, "truth": "y_true"}),
    Example("post", "/v1/comparisons", "two models on the same rows",
            {"losses": ["mse", "mae"], "y_true": TRUTH, "predictions": {"new": GUESS, "old": [2, 0.5, 1, 9]}}),
    Example("post", "/v1/class-weights", "from counts", {"counts": [1000, 100, 10], "scheme": "effective_number"}),
    Example("post", "/v1/class-weights", "from a target", {"target": ["cat", "cat", "dog", "cat"]}),
    Example("post", "/v1/class-weights", "from a column of a file", "id,animal\n1,cat\n2,cat\n3,dog\n4,cat\n", CSV,
            "column=animal"),
    Example("get", "/v1/limits", "the limits in force"),
    Example("get", "/healthz", "alive"),
    Example("get", "/readyz", "ready"),
    Example("get", "/metrics", "for Prometheus"),
    Example("get", "/problems/{name}", "what a problem means", values=(("name", "outside-domain"),)),
)  # fmt: skip
