"""``make demo``: the main job from end to end, on real data, through the running service.

Three columns that scikit-learn ships are profiled and advised on over HTTP; a model is trained with the recommended
loss and one with the framework's default; both are judged on rows they have not seen, over HTTP again. At last a
million pairs are sent, as JSON and as arrays.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import KFold, cross_val_predict

from service.client import LossClient

FOLDS = KFold(3, shuffle=True, random_state=0)
LEAST_MEAN = 1e-3
FULL = 15  # of the 16 dots of a cell
MANY = 1_000_000


@dataclass(frozen=True)
class Story:
    """A column, what is asked of it, and how both models are judged."""

    title: str
    name: str
    metric: str
    x: Any
    y: Any
    default: Any
    judges: tuple[str, ...]
    method: str = "predict"
    ready: Callable[[Any], Any] = np.asarray


def stories() -> Iterator[Story]:
    """A regression, a count, and a rare class."""
    people, progression = load_diabetes(return_X_y=True)
    yield Story(
        "How bad will it get, nine times out of ten? Diabetes progression, judged by pinball@0.9",
        *("progression", "pinball@0.9", people, progression, HistGradientBoostingRegressor(random_state=0)),
        ("quantile:tau=0.9", "mae"),
    )
    images, digit = load_digits(return_X_y=True)
    yield Story(
        "How many cells of a handwritten digit are full of ink, seen by its top rows? A count, judged by its deviance",
        *("full cells", "poisson_deviance", images[:, :24], (images >= FULL).sum(axis=1)),
        HistGradientBoostingRegressor(random_state=0),
        ("poisson_deviance", "mse"),
        ready=lambda p: np.maximum(p, LEAST_MEAN),
    )
    edges = np.hstack([images[:, :16], images[:, 48:]])
    yield Story(
        "Is it an eight, seen only by its top and bottom rows? A rare class, judged by balanced accuracy",
        *("is an eight", "balanced_accuracy", edges, (digit == 8).astype(int)),
        HistGradientBoostingClassifier(random_state=0),
        ("bce", "brier"),
        "predict_proba",
        lambda p: p[:, 1],
    )


def tell(client: LossClient, story: Story) -> None:
    """Profile, recommend, train, evaluate; print each step."""
    print(f"\n── {story.title}")
    profile = client.profile(story.y, name=story.name)
    print(f"   profile      {repr(profile).strip('<>')}")
    advice = client.recommend(profile, metric=story.metric, framework="sklearn")
    best = advice.best
    print(f"   recommended  {best.loss}" + (f", then {', '.join(best.post)}" if best.post else ""))
    for reason in best.reasons[:4]:
        print(f"                · {reason}")
    for warning in advice.warnings[:2]:
        print(f"   watch        {warning.code}: {warning.message}")
    for loss, reason in advice.ruled_out[:1]:
        print(f"   ruled out    {loss}: {reason}")
    judge(client, story, best)


def judge(client: LossClient, story: Story, best: Any) -> None:
    """Both models on rows they have not seen: each loss with its standard error, and what was gained."""
    recommended = best.loss.to("sklearn")
    if "random_state" in recommended.get_params():
        recommended.set_params(random_state=0)
    raw = {"default": predictions(story, story.default), "recommended": predictions(story, recommended)}
    if story.ready is not np.asarray and story.method == "predict":
        odd = ", ".join(f"{name}: {int((p <= 0).sum())} of {p.size} predictions" for name, p in raw.items())
        print(f"   not above 0  {odd} (raised to {LEAST_MEAN} below)")
    ready = {name: story.ready(p) for name, p in raw.items()}
    found = {name: client.evaluate(list(story.judges), story.y, p) for name, p in ready.items()}
    print(f"   {'judged by':26}{'default':>22}{'recommended':>22}")
    for spec in story.judges:
        print(f"   {spec:26}" + "".join(f"{_told(found[name][spec]):>22}" for name in ready))
    if "prior_adjusted_decision" in best.post:
        decide(story, ready, best.post["prior_adjusted_decision"]["numbers"]["threshold"])
    else:
        print(f"   gained       {gain(client, story, ready)}")


def predictions(story: Story, model: Any) -> Any:
    """Out-of-fold predictions: each row by a model that has not seen it."""
    return cross_val_predict(clone(model), story.x, story.y, cv=FOLDS, method=story.method)


def gain(client: LossClient, story: Story, ready: dict[str, Any]) -> str:
    """The difference in the metric, row by row, with its standard error."""
    rows = {name: client.evaluate([story.judges[0]], story.y, p, reduction="none") for name, p in ready.items()}
    default, recommended = (np.asarray(rows[name][story.judges[0]].value) for name in ready)
    difference = default - recommended
    better, error = difference.mean(), difference.std(ddof=1) / np.sqrt(len(difference))
    verdict = "a tie: " if abs(better) < 2 * error else ""
    return f"{verdict}{story.metric} lower by {better:.4g} ± {error:.2g} ({better / default.mean():+.1%})"


def decide(story: Story, ready: dict[str, Any], threshold: float) -> None:
    """Balanced accuracy of the default cut and of the one that the advice computed from the class shares."""
    from sklearn.metrics import balanced_accuracy_score

    default = balanced_accuracy_score(story.y, ready["default"] >= 0.5)
    advised = balanced_accuracy_score(story.y, ready["recommended"] >= threshold)
    print(f"   {story.metric:26}{f'{default:.4f} (cut at 0.5)':>22}{f'{advised:.4f} (at {threshold:.3f})':>22}")
    print(f"   gained       {story.metric} {advised - default:+.4f}, the same probabilities decided where it counts")


def bulk(client: LossClient, address: str) -> None:
    """A million values and predictions of them: as JSON, which anyone can send, and as the client sends them."""
    _, progression = load_diabetes(return_X_y=True)
    y = np.resize(progression, MANY)
    z = y + np.random.default_rng(0).normal(0, 50, MANY)

    def as_json() -> float:
        body = {"losses": ["mse"], "y_true": y.tolist(), "y_pred": z.tolist()}
        found: float = httpx.post(f"{address}/v1/evaluations", json=body, timeout=60).json()["results"][0]["value"]
        return found

    print("\n── A million pairs, judged by mse")
    for name, ask in (("JSON", as_json), ("arrays", lambda: client.evaluate("mse", y, z)["mse"].value)):
        took = min(_seconds(ask) for _ in range(3))
        print(f"   as {name:10} {took * 1e3:6.0f} ms, encoding included   mse {ask():.6f}")


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _told(result: Any) -> str:
    return f"{result.value:.5g} ± {result.standard_error:.2g}"


@contextlib.contextmanager
def running() -> Iterator[str]:
    """The service as its own process on a free loopback port; yields its address, stops it after."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "LOSSES_ACCESS_LOG": "false"}
    process = subprocess.Popen([sys.executable, "-m", "losses", "serve", "--port", str(port)], env=environment)
    try:
        yield _ready(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _ready(address: str, process: subprocess.Popen[bytes]) -> str:
    for _ in range(300):
        if process.poll() is not None:
            raise SystemExit(f"the service stopped with status {process.returncode}")
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{address}/readyz", timeout=2).is_success:
                return address
        time.sleep(0.1)
    raise SystemExit("the service did not become ready within 30 seconds")


def main() -> None:
    """Run the whole story."""
    with running() as address, LossClient(address) as client:
        losses = client.catalogue()
        shown = client.get("huber:delta=1.35")
        print(f"the service at {address} knows {len(losses)} losses, {shown!r} among them")
        for story in stories():
            tell(client, story)
        bulk(client, address)
    print("\nthe service has stopped; `make serve` keeps it running")


if __name__ == "__main__":
    main()
