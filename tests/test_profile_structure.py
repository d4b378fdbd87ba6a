"""Targets that are arrays: what their sums say, by an independent count, and that they add up."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from losses import Profile, profile
from losses.profile.structure import Structure

RNG = np.random.default_rng(4)
CORNER = RNG.random((90, 2)) * 300
BOXES = np.concatenate([CORNER, CORNER + RNG.gamma(2, 40, (90, 2))], axis=1)
BOXES[:7, 2] = BOXES[:7, 0]
LABELS = RNG.random((400, 6)) < [0.5, 0.3, 0.1, 0.05, 0.4, 0.01]
MASKS = ndimage.gaussian_filter(RNG.random((40, 24, 24)), (0, 2, 2)) > 0.55
SHARES = RNG.dirichlet([1, 2, 3], 80)
ARRAYS = {
    "multilabel": (LABELS, None),
    "masks": (MASKS, None),
    "flat masks": (MASKS.reshape(40, -1), "segmentation"),
    "channels": (MASKS[..., None], None),
    "boxes": (BOXES, "boxes"),
    "distribution": (SHARES, "distillation"),
    "logits": (RNG.normal(size=(60, 5)), "distillation"),
    "vectors": (RNG.normal(size=(70, 8)), "metric_learning"),
    "triplets": (RNG.normal(size=(30, 3, 8)), "metric_learning"),
}


def alike(a: Structure, b: Structure) -> bool:
    return (a.form, a.width, a.rows) == (b.form, b.width, b.rows) and np.allclose(a.sums, b.sums, rtol=1e-12)


@pytest.mark.parametrize("name", ARRAYS)
def test_the_sums_of_an_array_add_up(name: str) -> None:
    array, task = ARRAYS[name]
    a, b, c = (Structure.of(part, task) for part in np.array_split(array, [11, 25]))
    assert alike(a + b, b + a)
    assert alike((a + b) + c, a + (b + c))
    assert alike(a + b + c, Structure.of(array, task))


@pytest.mark.parametrize("name", ARRAYS)
def test_the_profile_of_an_array_travels_as_json(name: str) -> None:
    p = profile(ARRAYS[name][0], task=ARRAYS[name][1])
    assert Profile.from_dict(json.loads(json.dumps(p.to_dict(), allow_nan=False))) == p
    json.dumps(p.readings(), allow_nan=False)
    for few in (p, profile(ARRAYS[name][0][:5], task=ARRAYS[name][1])):
        hidden = few.to_dict(private=True)
        assert Profile.from_dict(hidden).to_dict(private=True) == hidden


def reading(name: str) -> dict[str, Any]:
    p = profile(ARRAYS[name][0], task=ARRAYS[name][1])
    assert p.structure is not None
    return p.structure.reading()


def test_labels_are_counted_each_by_row_and_as_sets() -> None:
    found = reading("multilabel")
    per_row = LABELS.sum(axis=1)
    assert found["positives"] == LABELS.sum(axis=0).tolist()
    assert found["cardinality"] == pytest.approx(per_row.mean())
    assert found["cardinality_std"] == pytest.approx(per_row.std())
    assert found["density"] == pytest.approx(LABELS.mean())
    assert found["empty_share"] == pytest.approx((per_row == 0).mean())
    assert found["label_sets"] == pytest.approx(len(np.unique(LABELS, axis=0)), abs=3)


def test_private_labels_do_not_say_which_sets_there_are() -> None:
    hidden = Profile.from_dict(profile(LABELS).to_dict(private=True))
    assert hidden.structure is not None
    assert hidden.structure.reading()["label_sets"] is None
    assert hidden.structure.reading()["positives"] == LABELS.sum(axis=0).tolist()


def test_the_pieces_of_masks_are_counted_less_their_holes() -> None:
    pieces = sum(ndimage.label(mask)[1] for mask in MASKS)
    around = [[1, 1, 1], [1, 1, 1], [1, 1, 1]]
    padded = np.pad(~MASKS, ((0, 0), (1, 1), (1, 1)), constant_values=True)
    holes = sum(ndimage.label(mask, around)[1] - 1 for mask in padded)
    assert reading("masks")["pieces"] == pytest.approx((pieces - holes) / len(MASKS))
    assert reading("masks")["piece_pixels"] == pytest.approx(MASKS.sum() / (pieces - holes))
    assert reading("channels") == reading("masks")


def test_boxes_have_sizes_and_shapes() -> None:
    found = reading("boxes")
    w, h = (BOXES[7:, 2:] - BOXES[7:, :2]).T
    area, aspect = w * h, np.abs(np.log(w / h))
    assert found["degenerate_share"] == pytest.approx(7 / 90)
    assert found["mean_area"] == pytest.approx(area.mean())
    assert found["area_std"] == pytest.approx(area.std())
    assert found["mean_log_aspect"] == pytest.approx(aspect.mean())
    assert found["log_aspect_std"] == pytest.approx(aspect.std())
    assert found["small_share"] == pytest.approx((area < 32**2).mean())
    assert found["large_share"] == pytest.approx((area > 96**2).mean())
    assert found["unit_share"] == 0
    assert profile(BOXES / 1000, task="boxes").readings()["structure"]["unit_share"] == 1


def test_distributions_have_priors_and_entropy_and_logits_are_told_apart() -> None:
    found = reading("distribution")
    assert found["prior"] == pytest.approx(SHARES.mean(axis=0).tolist())
    assert found["row_sum"] == pytest.approx(1)
    assert found["entropy"] == pytest.approx(-(SHARES * np.log(SHARES)).sum(axis=1).mean())
    assert (found["off_simplex_share"], found["negative_share"]) == (0, 0)
    logits = reading("logits")
    assert logits["off_simplex_share"] == 1
    assert logits["negative_share"] > 0.9


def test_pairs_are_a_column_of_two_classes_and_labels_of_embeddings_one_of_many() -> None:
    pairs = profile(np.where(RNG.random(200) < 0.2, 1, -1), task="contrastive")
    assert (pairs.kind, pairs.n_classes) == ("binary", 2)
    labels = profile(RNG.integers(0, 9, 200), task="metric_learning")
    assert sum(labels.class_counts.values()) == 200
