"""A loss is its neighbour where their docstrings say so, in value and in slope, far out as well as near."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from losses import get
from losses.domains import SIGNS
from losses.layouts import Classes

from .instances import ALL, parts_of, rng_of, sample, with_part

RNG = rng_of("neighbours")
FAR = np.array([0.0, 1e-9, 0.3, -0.7, 1.0, -4.0, 25.0, -1e3, 1e6])
Y, Z = (grid.ravel() for grid in np.meshgrid(FAR, FAR[::-1]))
LOGITS = np.tile([-1000.0, -40.0, -2.0, 0.0, 1e-8, 0.5, 3.0, 40.0, 1000.0], 2)
BITS = np.repeat([0.0, 1.0], 9)
LABELS, SCORES = RNG.integers(0, 3, 20), RNG.normal(0, 10, (20, 3))
P, Q = RNG.dirichlet(np.ones(4), 9), RNG.dirichlet(np.ones(4), 9)
MASK, GUESS = (RNG.uniform(size=(5, 9)) < 0.4).astype(float), RNG.uniform(size=(5, 9))
COUNTS, MEANS = RNG.poisson(3, 30).astype(float), np.exp(RNG.normal(1, 1, 30))

# (a loss, its neighbour, by what factor, on which inputs)
NUMBERS, SCORED, CLASSED, MASKED = (Y, Z), (BITS, LOGITS), (LABELS, SCORES), (MASK, GUESS)
SAME: list[tuple[str, str, float, tuple[Any, Any]]] = [
    ("huber:delta=0.7", "smooth_l1:beta=0.7", 0.7, NUMBERS),
    ("huber:delta=1e9", "mse", 0.5, NUMBERS),
    ("smooth_l1:beta=0", "mae", 1, NUMBERS),
    ("pseudo_huber:delta=1e12", "mse", 0.5, NUMBERS),
    ("quantile", "mae", 0.5, NUMBERS),
    ("expectile", "mse", 0.5, NUMBERS),
    ("general_robust:alpha=2", "mse", 0.5, NUMBERS),
    ("general_robust:alpha=1", "pseudo_huber", 1, NUMBERS),
    ("general_robust:alpha=0,c=0.7071067811865475", "cauchy", 2, NUMBERS),
    ("general_robust:alpha=1e-30", "general_robust:alpha=0", 1, NUMBERS),
    ("general_robust:alpha=1e-308", "general_robust:alpha=0", 1, NUMBERS),
    ("general_robust:alpha=-1e9", "general_robust:alpha=-inf", 1, NUMBERS),
    ("tweedie_deviance:power=0", "mse", 1, NUMBERS),
    ("tweedie_deviance:power=1", "poisson_deviance", 1, (COUNTS, MEANS)),
    ("tweedie_deviance:power=2", "gamma_deviance", 1, (COUNTS + 1, MEANS)),
    ("tweedie_deviance:power=1.000000000001", "poisson_deviance", 1, (COUNTS, MEANS)),
    ("tweedie_deviance:power=2.000000000001", "gamma_deviance", 1, (COUNTS + 1, MEANS)),
    ("negative_binomial_nll:alpha=1e-10", "poisson_nll:full=true", 1, (COUNTS, MEANS)),
    ("weighted_bce:pos_weight=3", "bce_with_logits:pos_weight=3", 1, SCORED),
    ("focal:gamma=0,alpha=none", "bce_with_logits", 1, SCORED),
    ("focal:gamma=0,alpha=0.5", "bce_with_logits", 0.5, SCORED),
    ("asymmetric:gamma_neg=0,gamma_pos=0,clip=0,eps=0", "bce_with_logits", 1, SCORED),
    ("asymmetric:gamma_neg=2,gamma_pos=2,clip=0,eps=0", "focal:alpha=none", 1, SCORED),
    ("focal_multiclass:gamma=0", "cross_entropy", 1, CLASSED),
    ("logit_adjusted_ce:tau=0,class_prior=[0.5,0.3,0.2]", "cross_entropy", 1, CLASSED),
    ("logit_adjusted_ce:class_prior=[0.2,0.2,0.2]", "cross_entropy", 1, CLASSED),
    ("label_smoothing_ce:label_smoothing=0", "cross_entropy", 1, CLASSED),
    ("class_balanced_ce:beta=0,class_counts=[5,9,2]", "cross_entropy", 1, CLASSED),
    ("class_balanced_ce:beta=1,class_counts=[1,2,4]", "weighted_ce:class_weight=[4,2,1]", 3 / 7, CLASSED),
    ("generalized_cross_entropy:q=1e-12", "cross_entropy", 1, CLASSED),
    ("symmetric_cross_entropy:alpha=1,beta=0", "cross_entropy", 1, CLASSED),
    ("multiclass_hinge:variant=weston_watkins", "multiclass_hinge", 0.5, (LABELS % 2, SCORES[:, :2])),
    ("tversky:alpha=0.5,beta=0.5,smooth=1", "dice:smooth=2", 1, MASKED),
    ("tversky:alpha=1,beta=1", "iou", 1, MASKED),
    ("focal_tversky:gamma=1", "tversky", 1, MASKED),
    ("lovasz_hinge", "lovasz_hinge:per_image=false", 1, (MASK[:1], 4 * GUESS[:1] - 2)),
    ("box_iou:eps=0", "giou:eps=0", 1, ([[0.0, 0, 2, 2]], [[0.0, 0, 2, 2]])),
]


@pytest.mark.parametrize(("loss", "neighbour", "factor", "inputs"), SAME, ids=[f"{a} ~ {b}" for a, b, _, _ in SAME])
def test_a_loss_is_its_neighbour_where_they_meet(loss, neighbour, factor, inputs):
    a, b = get(loss), get(neighbour)
    near = {"rtol": 1e-9, "atol": 1e-9}
    np.testing.assert_allclose(a(*inputs, None, "none"), factor * b(*inputs, None, "none"), **near)
    np.testing.assert_allclose(a.gradient(*inputs), factor * b.gradient(*inputs), **near)


def same(a: Any, b: Any, rtol: float = 1e-9) -> None:
    np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-9)


@pytest.mark.parametrize("loss", [loss for loss in ALL if loss.inputs.get("y_true") is SIGNS], ids=repr)
def test_a_side_is_told_by_its_sign_or_by_a_bit(loss):
    y, z = sample(loss, rng_of("signs", str(loss)))
    same(loss(y, z, None, "none"), loss((y + 1) / 2, z, None, "none"))
    for a, b in zip(loss.derivatives(y, z), loss.derivatives((y + 1) / 2, z), strict=True):
        for name, part in parts_of(a).items():
            same(part, parts_of(b)[name])


def test_smoothing_is_a_softer_label():
    smoothed, sure = get("bce_with_logits:label_smoothing=0.2"), get("bce_with_logits")
    same(smoothed(BITS, LOGITS, None, "none"), sure(0.8 * BITS + 0.1, LOGITS, None, "none"))
    ce = get("cross_entropy")
    for labels, scores in ((LABELS, SCORES), (LABELS % 2, SCORES[:, :2])):
        classes = scores.shape[1]
        right = np.eye(classes)[labels]
        for mode, spread in (("all", np.full_like(right, 1 / classes)), ("remaining", (1 - right) / (classes - 1))):
            smoothed = get("cross_entropy", label_smoothing=0.3, smoothing_mode=mode)
            soft = ce(0.7 * right + 0.3 * spread, scores, None, "none")
            same(smoothed(labels, scores, None, "none"), soft)
            same(smoothed(right, scores, None, "none"), soft)
            doubtful = smoothed((right + right[::-1]) / 2, scores, None, "none")
            same(doubtful, (soft + smoothed(labels[::-1], scores, None, "none")) / 2)


@pytest.mark.parametrize("halved", [True, False, "auto"])
def test_a_brier_score_is_a_squared_distance(halved):
    shares = P[:, :3] / P[:, :3].sum(axis=1, keepdims=True)
    squares = np.square(shares - np.eye(3)[LABELS[:9]]).sum(axis=1)
    brier = get("brier", scale_by_half=halved)
    same(brier(LABELS[:9], shares, None, "none"), squares / (2 if halved is True else 1))
    same(brier(BITS[-9:], shares[:, 0], None, "none"), np.square(shares[:, 0] - 1) * (1 if halved else 2))


def test_squares_in_the_denominator_are_no_news_to_bits():
    square, plain = get("dice:squared=true,smooth=2"), get("dice:smooth=2")
    same(square(MASK, GUESS.round(), None, "none"), plain(MASK, GUESS.round(), None, "none"))


IGNORING = [loss for loss in ALL if isinstance(loss, Classes) and loss.ignored is not None]
IGNORING += [get("cross_entropy:normalise=n,ignore_index=-1"), get("cross_entropy:normalise=n,ignore_index=1")]


@pytest.mark.parametrize("loss", IGNORING, ids=repr)
def test_an_ignored_row_is_as_one_left_out(loss):
    y, z = sample(loss, rng_of("ignored", str(loss)), 9)
    counts = y != loss.ignored
    same(loss(y, z), loss(y[counts], z[counts]))
    same(loss.gradient(y, z, None, "mean")[counts], loss.gradient(y[counts], z[counts], None, "mean"))


def test_a_negative_is_seen_from_the_nearer_of_anchor_and_positive():
    anchor, positive, negative = RNG.normal(size=(3, 40, 3))
    plain = get("triplet:eps=0")
    seen = [plain(None, {"anchor": a, "positive": b, "negative": negative}, None, "none")
            for a, b in ((anchor, positive), (positive, anchor))]  # fmt: skip
    swapped = get("triplet:eps=0,swap=true")
    same(swapped(None, {"anchor": anchor, "positive": positive, "negative": negative}, None, "none"), np.max(seen, 0))


def test_a_vector_without_length_has_cosine_0_in_any_direction():
    loss, vectors, nothing = get("cosine_embedding:margin=-0.5"), RNG.normal(size=(4, 3)), np.zeros((4, 3))
    sides = np.array([1.0, -1, 1, -1])
    for pair in ({"x1": nothing, "x2": vectors}, {"x1": vectors, "x2": nothing}, {"x1": nothing, "x2": nothing}):
        same(loss(sides, pair, None, "none"), np.where(sides > 0, 1, 0.5))


@pytest.mark.parametrize("size", [1e-200, 1e200])
@pytest.mark.parametrize("name", ["cosine_embedding", "infonce", "nt_xent", "supcon"])
def test_a_cosine_does_not_depend_on_lengths(name, size):
    loss = get(name)
    y, z = sample(loss, rng_of("lengths", name), 9)
    scaled = z
    for part_name, part in parts_of(z).items():
        scaled = with_part(scaled, part_name, part * size)
    same(loss(y, scaled), loss(y, z))


def test_a_divergence_has_its_limit_where_neither_distribution_is():
    nothing, next_to_nothing = np.array([[0.0, 1.0]]), np.array([[1e-12, 1 - 1e-12]])
    slopes = (get("js_div").gradient(nothing, z)[0, 0] for z in (nothing, next_to_nothing))
    same(*slopes)


def test_a_student_with_many_degrees_of_freedom_is_normal():
    y, mean, scale = RNG.normal(0, 3, (3, 50))
    scale = np.exp(scale / 3)
    student = get("student_t_nll:df=1e12")(y, {"mean": mean, "scale": scale}, None, "none")
    same(student, get("gaussian_nll:full=true")(y, {"mean": mean, "var": scale**2}, None, "none"))


def test_a_sure_forecast_is_judged_by_its_absolute_error():
    same(get("crps_gaussian")(Y, {"mean": Z, "sigma": np.full_like(Y, 1e-12)}), get("mae")(Y, Z))


def test_an_interval_is_judged_as_its_two_quantiles_are():
    y, lower, upper = RNG.normal(0, 2, (3, 50))
    lower, upper = np.minimum(lower, upper), np.maximum(lower, upper)
    ends = get("quantile:tau=[0.1,0.9]")(y, np.stack([lower, upper], axis=1), None, "none").sum(axis=1)
    same(get("interval_score:alpha=0.2")(y, {"lower": lower, "upper": upper}, None, "none"), 2 / 0.2 * ends)


def test_a_cross_entropy_of_two_classes_is_a_binary_one_of_their_difference():
    both = np.stack([np.zeros_like(LOGITS), LOGITS], axis=1)
    same(get("cross_entropy")(BITS.astype(int), both, None, "none"), get("bce_with_logits")(BITS, LOGITS, None, "none"))
    slopes = get("cross_entropy").gradient(BITS.astype(int), both)[:, 1]
    np.testing.assert_allclose(slopes, get("bce_with_logits").gradient(BITS, LOGITS), rtol=1e-12)
    p = 1 / (1 + np.exp(-RNG.normal(size=18)))
    same(get("bce")(BITS, p, None, "none"), get("bce_with_logits")(BITS, np.log(p) - np.log1p(-p), None, "none"))
    same(
        get("brier")(BITS.astype(int), np.stack([1 - p, p], axis=1), None, "none"), get("brier")(BITS, p, None, "none")
    )


def test_a_divergence_is_a_cross_entropy_less_an_entropy():
    entropy = -(P * np.log(P)).sum(axis=1)
    for kl, ce, q in (
        ("kl_div", "cross_entropy:from_logits=false", Q),
        ("kl_div:from_logits=true", "cross_entropy", np.log(Q) + 3),
        ("kl_div:from_log=true", "cross_entropy", np.log(Q)),
    ):
        same(get(kl)(P, q, None, "none"), get(ce)(P, q, None, "none") - entropy)
    middle = (P + Q) / 2
    half = get("kl_div")(P, middle, None, "none") + get("kl_div")(Q, middle, None, "none")
    same(get("js_div")(P, Q, None, "none"), half / 2)
    same(get("js_div")(P, Q), get("js_div")(Q, P))


def test_iou_is_dice_over_two_less_dice_image_by_image():
    dice = get("dice:smooth=0")(MASK, GUESS, None, "none")
    same(get("iou:smooth=0")(MASK, GUESS, None, "none"), 2 * dice / (1 + dice))


def test_two_views_are_the_pairs_of_a_supervised_contrast():
    z1, z2 = RNG.normal(size=(2, 6, 3))
    pairs = np.tile(np.arange(6.0), 2), np.concatenate([z1, z2])
    same(get("nt_xent")(None, {"z1": z1, "z2": z2}, None, "none"), get("supcon:temperature=0.5")(*pairs, None, "none"))


def test_both_directions_of_a_contrast_are_averaged():
    anchor, positive = RNG.normal(size=(2, 6, 3))
    there = get("infonce")(None, {"anchor": anchor, "positive": positive})
    back = get("infonce")(None, {"anchor": positive, "positive": anchor})
    both = get("infonce:symmetric=true")(None, {"anchor": anchor, "positive": positive})
    same(both, (there + back) / 2)


def test_one_threshold_is_a_binary_cross_entropy():
    heads = {"score": LOGITS, "thresholds": [0.7]}
    same(get("cumulative_link")(BITS, heads, None, "none"), get("bce_with_logits")(BITS, LOGITS - 0.7, None, "none"))
    same(get("coral")(BITS, LOGITS[:, None], None, "none"), get("bce_with_logits")(BITS, LOGITS, None, "none"))


@pytest.mark.parametrize("link", ["logit", "probit"])
@pytest.mark.parametrize("far", [0, 5, 100])
def test_ordered_classes_told_backwards_cost_the_same(link, far):
    y, score, cuts = RNG.integers(0, 5, 40), RNG.normal(0, 1, 40) + far, np.array([-2.0, -0.5, 1, 3])
    loss, forth = get("cumulative_link", link=link), {"score": score, "thresholds": cuts}
    back = {"score": -score, "thresholds": -cuts[::-1]}
    costs = loss(y, forth, None, "none")
    assert np.isfinite(costs).all()
    same(costs, loss(4 - y, back, None, "none"))
    for a, b, sign in zip(loss.derivatives(y, forth), loss.derivatives(4 - y, back), (-1, 1), strict=True):
        same(a["score"], sign * b["score"])
        same(a["thresholds"], sign * b["thresholds"][::-1])


def test_an_elbo_is_its_two_terms():
    y, logits, mu, logvar = MASK, 4 * GUESS - 2, *RNG.normal(size=(2, 5, 3))
    kl = get("elbo")(None, {"mu": mu, "logvar": logvar}, None, "none")
    data = get("bce_with_logits")(y, logits, None, "none").sum(axis=1)
    whole = get("elbo:beta=4")(y, {"logits": logits, "mu": mu, "logvar": logvar}, None, "none")
    same(whole, data + 4 * kl)
    terms = {"reconstruction_loss": data, "kl": kl}
    same(get("elbo:beta=4")(None, terms, None, "none"), whole)
    for found, expected in zip(get("elbo:beta=4").derivatives(None, terms), ((1, 4), (0, 0)), strict=True):
        same(list(found.values()), np.array(expected)[:, None].repeat(5, axis=1))
    rebuilt = {"reconstruction": 1 / (1 + np.exp(-logits)), "mu": mu, "logvar": logvar}
    same(get("elbo:beta=4")(y, rebuilt, None, "none"), whole)
