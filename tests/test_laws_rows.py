"""Laws of weights, rows, batches and blocks, over every loss."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import astuple
from typing import Any

import numpy as np
import pytest

from losses import Quantile, blocks, engine, get, pool
from losses.blocks import job
from losses.core import Loss
from losses.domains import LOGITS, REALS
from losses.evaluate import Evaluator
from losses.segmentation import Masks
from losses.sums import Sum

from .instances import (
    ALL,
    DEFAULTS,
    SHARED,
    Sample,
    by_rows,
    in_columns,
    no_machine,
    parts_of,
    rng_of,
    rows_of,
    sample,
    takes_columns,
    weights_for,
    with_part,
)

pytestmark = pytest.mark.filterwarnings("ignore::losses.LossWarning")

N = 7
CUTS = (slice(0, 1), slice(1, 4), slice(4, N))


def asked(loss: Loss, n: int = N) -> tuple[Any, Any, Any, np.random.Generator]:
    rng = rng_of(str(loss))
    y, z = sample(loss, rng, n)
    return y, z, weights_for(loss, y, z, rng), rng


def told_by_row(loss: Loss) -> bool:
    """Whether each row has a loss of its own, whatever the others are."""
    return loss.per_row and rows_of(loss, *sample(loss, rng_of(), N)) == N


BY_ROW = [loss for loss in ALL if told_by_row(loss)]
BY_BATCH = [loss for loss in ALL if not told_by_row(loss)]
SPOKEN = [loss for loss in ALL if "none" in loss.about.reductions]


def close(a: Any, b: Any, rtol: float = 1e-12) -> None:
    np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-13)


@pytest.mark.parametrize("loss", SPOKEN, ids=repr)
def test_weights_multiply(loss):
    y, z, weights, _ = asked(loss)
    plain = loss(y, z, None, "none")
    weighted = loss.weigh(weights).reshape(-1, *(1,) * (plain.ndim - 1)) * plain
    close(loss(y, z, weights, "none"), weighted)
    close(loss(y, z, weights, "sum"), weighted.sum())


@pytest.mark.parametrize("loss", [loss for loss in SPOKEN if type(loss).mass is Loss.mass], ids=repr)
def test_the_mean_is_the_weighted_average(loss):
    y, z, weights, _ = asked(loss)
    plain = loss(y, z, None, "none")
    close(loss(y, z, weights), np.average(plain.reshape(len(plain), -1).mean(axis=1), weights=loss.weigh(weights)))
    close(loss(y, z), plain.mean())


@pytest.mark.parametrize("loss", ALL, ids=repr)
def test_only_the_proportions_of_weights_matter_to_a_mean(loss):
    y, z, weights, _ = asked(loss)
    close(loss(y, z, 3 * weights), loss(y, z, weights))
    close(loss(y, z, np.full(len(weights), 0.7)), loss(y, z))


@pytest.mark.parametrize("loss", BY_ROW, ids=repr)
def test_a_row_repeated_w_times_is_a_weight_of_w(loss):
    y, z, _, rng = asked(loss)
    times = rng.permutation(np.arange(N) % 4)  # some not at all
    repeated = by_rows((y, z), lambda part: np.repeat(part, times, axis=0))
    close(loss(*repeated), loss(y, z, times))
    if "sum" in loss.about.reductions:
        close(loss(*repeated, None, "sum"), loss(y, z, times, "sum"))


@pytest.mark.parametrize("loss", ALL, ids=repr)
def test_the_order_of_rows_does_not_matter(loss):
    y, z, weights, rng = asked(loss)
    order = rng.permutation(N)
    shuffled = by_rows((y, z), lambda part: part[order])
    moved = weights if len(weights) == 1 else weights[order]
    close(loss(*shuffled, moved), loss(y, z, weights))
    after = parts_of(loss.gradient(*shuffled, moved))
    for name, slopes in parts_of(loss.gradient(y, z, weights)).items():
        close(after[name], slopes if name in SHARED else slopes[order], 1e-9)


@pytest.mark.parametrize("loss", BY_ROW, ids=repr)
def test_batches_add_up_to_the_whole_and_so_do_their_errors(loss):
    y, z, weights, _ = asked(loss)
    for weigh in (lambda cut: [weights[cut]], lambda cut: []):
        whole = Evaluator([loss]).update(y, z, *weigh(slice(None))).result()[loss]
        batches = [(*by_rows((y, z), lambda part, cut=cut: part[cut]), *weigh(cut)) for cut in CUTS]
        first, second, third = (Evaluator([loss]).update(*batch) for batch in batches)
        fed = Evaluator([loss])
        for batch in batches:
            fed.update(*batch)
        for found in (
            ((first + second) + third).result()[loss],
            (first + (second + third)).result()[loss],
            fed.result()[loss],
        ):
            assert found.n == whole.n
            close(found.value, whole.value)
            close(found.standard_error, whole.standard_error)


@pytest.mark.parametrize("loss", [loss for loss in ALL if isinstance(loss, Masks)], ids=repr)
def test_a_flat_mask_is_one_image(loss):
    y, z = (part[0] for part in sample(loss, rng_of("flat", str(loss))))
    close(loss(y.ravel(), z.ravel()), loss(y[None], z[None]))
    close(loss.gradient(y.ravel(), z.ravel()), loss.gradient(y[None], z[None]).ravel())


@pytest.mark.parametrize("loss", [loss for loss in ALL if takes_columns(loss)], ids=repr)
def test_columns_are_losses_side_by_side(loss):
    y, z = in_columns(loss, N)
    weights = weights_for(loss, y, z, rng_of(str(loss)))

    def column(i: int) -> Sample:
        return by_rows((y, z), lambda part: part[:, i])

    for w in (None, weights):
        close(loss(y, z, w, "none"), np.stack([loss(*column(i), w, "none") for i in range(3)], axis=1))
        close(loss(y, z, w), np.mean([loss(*column(i), w) for i in range(3)]))
        close(loss(y, z, w, "sum"), np.sum([loss(*column(i), w, "sum") for i in range(3)]))
        for call in (loss.gradient, loss.hessian):
            alone = [parts_of(call(*column(i), w)) for i in range(3)]
            for name, part in parts_of(call(y, z, w)).items():
                close(part, np.stack([slopes[name] for slopes in alone], axis=1))
    one = by_rows(column(0), lambda part: part[:, None])
    close(loss(*one, weights), loss(*column(0), weights))


def test_columns_of_quantiles_are_quantiles_side_by_side():
    rng = rng_of("quantiles")
    y, z, taus = rng.normal(size=N), rng.normal(size=(N, 3)), (0.1, 0.5, 0.9)
    together, alone = Quantile(taus), [Quantile(tau) for tau in taus]
    close(together(y, z, None, "none"), np.stack([q(y, z[:, i], None, "none") for i, q in enumerate(alone)], axis=1))
    close(together(y, z), np.mean([q(y, z[:, i]) for i, q in enumerate(alone)]))
    close(together.gradient(y, z), np.stack([q.gradient(y, z[:, i]) for i, q in enumerate(alone)], axis=1))


@pytest.mark.parametrize("loss", [*ALL, get("0.5*mse+mae"), get("dice+bce_with_logits")], ids=repr)
def test_both_derivatives_in_one_pass_are_those_of_two(loss):
    terms = loss.terms if isinstance(loss, Sum) else [(1, loss)]
    y, z = sample(terms[0][1], rng_of(str(loss)), N)
    weights = weights_for(terms[0][1], y, z, rng_of(str(loss)))
    for w in (None, weights):
        for reduction in ("none", "mean"):
            slope, bend = loss.derivatives(y, z, w, reduction)
            for found, known in (
                (slope, loss.gradient(y, z, w, reduction)),
                (bend, loss.hessian(y, z, w, reduction)),
            ):
                for name, part in parts_of(known).items():
                    close(parts_of(found)[name], part, 1e-14)
                    assert part.shape == np.shape(parts_of(z)[name])


def test_calls_from_many_threads_do_not_meet():
    asked_of = [loss for loss in DEFAULTS if told_by_row(loss)]
    inputs = {loss: asked(loss, 200)[:3] for loss in asked_of}
    alone = {loss: (loss(*inputs[loss]), parts_of(loss.gradient(*inputs[loss]))) for loss in asked_of}

    def again(start: int) -> None:
        for loss in asked_of[start:] + asked_of[:start]:
            value, slopes = loss(*inputs[loss]), parts_of(loss.gradient(*inputs[loss]))
            close(value, alone[loss][0])
            for name, part in slopes.items():
                close(part, alone[loss][1][name])

    with threads(3, block=64), ThreadPoolExecutor(8) as pool:
        list(pool.map(again, range(0, 40, 5)))


@pytest.mark.parametrize("loss", BY_BATCH, ids=repr)
def test_a_loss_of_a_whole_batch_has_no_standard_error(loss):
    y, z, weights, _ = asked(loss)
    assert Evaluator([loss]).update(y, z, weights).result()[loss].standard_error is None


@contextmanager
def threads(count: int, block: int) -> Iterator[None]:
    """The engine with ``count`` threads and short blocks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "THREADS", count)
        patch.setattr(blocks, "PLAIN", block)
        patch.setattr(blocks, "FUSED", (block, block))
        pool._pool.cache_clear()
        yield
        pool._pool().shutdown()
        pool._pool.cache_clear()


@pytest.mark.parametrize("loss", DEFAULTS, ids=repr)
def test_the_number_of_threads_does_not_change_a_bit(loss):
    y, z, weights, _ = asked(loss, 200)
    answers = []
    for count in (1, 2, 4):
        with threads(count, block=64):
            tally = engine.tallies([job(loss, loss.arrange(y, z))], weights)[0]
            slopes = parts_of(loss.gradient(y, z, weights, "mean"))
        answers.append((astuple(tally), [part.tobytes() for part in slopes.values()]))
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("loss", DEFAULTS, ids=repr)
def test_the_length_of_blocks_does_not_change_the_answer(loss):
    y, z, weights, _ = asked(loss)
    value, slopes = loss(y, z, weights), parts_of(loss.gradient(y, z, weights, "mean"))
    with threads(2, block=8):
        close(loss(y, z, weights), value)
        for name, part in parts_of(loss.gradient(y, z, weights, "mean")).items():
            close(part, slopes[name])


@pytest.mark.parametrize("size", [1e-3, 1, 30])
@pytest.mark.parametrize("loss", ALL, ids=repr)
@pytest.mark.filterwarnings("ignore::losses.LossWarning")
def test_a_loss_is_the_same_without_the_machine(loss, size):
    y, z = sample(loss, rng_of("plain", str(loss)), 9)
    for name, part in parts_of(z).items():
        if loss.inputs[name] in (REALS, LOGITS):
            z = with_part(z, name, part * size)
    ways: list[list[Any]] = []
    for machine in (nullcontext, no_machine):
        with machine():
            derivatives = (parts_of(part).values() for part in loss.derivatives(y, z))
            error = Evaluator([loss]).update(y, z).result()[loss].standard_error
            ways.append([loss(y, z), error or 0.0, *itertools.chain(*derivatives)])
    for compiled, plain in zip(*ways, strict=True):
        close(compiled, plain, 1e-9)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_evaluates_as_its_parent_did():
    script = """
import os, signal, numpy, losses
y = numpy.arange(4.0 * losses.blocks.FUSED[1])
found = losses.evaluate(["mse"], y, y + 2)["mse"].value
child = os.fork()
if not child:
    signal.alarm(60)
    os._exit(losses.evaluate(["mse"], y, y + 2)["mse"].value != found)
print(found, os.waitpid(child, 0)[1])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["4.0", "0"]
