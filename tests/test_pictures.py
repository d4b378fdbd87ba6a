"""Pictures: well-formed whatever the names, true to the numbers, and fit for a page that allows no style or script."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import losses
from losses.errors import NotSupported
from losses.page import binned
from losses.pictures import advised, curves, evaluated, misses, scores, sliders, target
from tests.instances import ALL, DEFAULTS

SVG = "{http://www.w3.org/2000/svg}"
EVIL = '</title></svg><script>alert(1)</script>"\x00\u202e'
Y = np.r_[np.zeros(60), np.linspace(1, 9, 90), [300.0] * 4]


def read(svg: str) -> ET.Element:
    """A picture, parsed; refused where it holds a style, a script, or a number that is none."""
    assert not re.search(r'<style|<script|style=|\son\w+=|="-?(nan|inf)', svg)
    return ET.fromstring(svg)


def rows_of(svg: str) -> int:
    """The rows that the bars of a histogram say they stand for."""
    says = {rect.findtext(f"{SVG}title") for rect in read(svg).iter(f"{SVG}rect")}
    return sum(
        int(found[1].replace(",", "")) for text in says if text and (found := re.search(r": ([\d,]+) rows", text))
    )


def test_the_bars_of_a_histogram_stand_for_every_row_on_its_axis():
    p = losses.profile(Y, name="claims")
    assert rows_of(target(p)) == binned(p, 60).rows.sum()


def test_zeros_far_values_and_codes_are_told():
    says = target(losses.profile(np.r_[Y, [-999.0] * 5], name="claims"))
    assert "exactly 0: 60 rows" in says
    assert "beyond 5 robust sigmas" in says


def test_what_each_loss_would_predict_is_marked_where_it_lies():
    advice = losses.recommend(losses.profile(Y, name="claims"), metric="mae")
    assert f"{advice.ranked[0].id}" in advised(advice)
    assert advised(losses.recommend(["a", "b", "a"] * 20)).startswith("<svg")
    assert advised(losses.recommend(None, task="boxes")) == ""


@pytest.mark.parametrize("column", [[EVIL, "b", "c"] * 9, [1.0, 2.0, 3.5] * 20, [], [7.0] * 5, [[1, 0], [1, 1]] * 9])
def test_no_name_breaks_out_of_a_picture(column):
    svg = target(losses.profile(column, name=EVIL))
    assert not svg or read(svg).tag == f"{SVG}svg"


@pytest.mark.parametrize("y", [np.array([1e300, -1e300, 0, 5, 6] * 9), np.array([5e-324, 0, 1e-310, 2e-310] * 9)])
def test_huge_and_tiny_numbers_are_drawn(y):
    read(target(losses.profile(y)) or "<svg/>")


@pytest.mark.parametrize("loss", [loss for loss in ALL if not isinstance(getattr(loss, "tau", None), tuple)], ids=str)
def test_every_loss_has_a_curve_with_the_right_slope(loss):
    shown = curves([loss], at=2.0, sigma=1.5)
    read(shown.value(400))
    read(shown.gradient(400))
    for curve in shown.curves:
        assert np.isfinite(curve.value).any()
        middle = (curve.value[2:] - curve.value[:-2]) / (shown.x[2:] - shown.x[:-2])
        smooth = np.abs(curve.gradient[2:] - curve.gradient[:-2]) < 0.1 * (1 + np.abs(curve.gradient[1:-1]))
        assert np.allclose(middle[smooth], curve.gradient[1:-1][smooth], rtol=0.05, atol=0.05)


def test_a_loss_of_several_numbers_says_what_stands_still():
    like, unlike = curves(["contrastive"]).curves
    assert (like.said, unlike.said) == ("a like pair", "an unlike pair")
    assert like.value[-1] > like.value[0]
    assert unlike.value[-1] < unlike.value[0]
    shown = curves(["box_iou", "giou"])
    assert shown.along == "shift of a box, in its widths"
    flat, falling = (curve.gradient[-5] for curve in shown.curves)
    assert flat == 0 < falling


def test_quantiles_together_have_no_curve():
    with pytest.raises(NotSupported, match="has no curve: its prediction is not one number"):
        curves([losses.get("quantile", tau=[0.1, 0.9])])


def test_losses_of_different_units_are_shown_relative_to_a_usual_miss():
    shown = curves(["mse", "mae"], sigma=2.0)
    assert shown.relative
    for curve in shown.curves:
        assert np.interp(2.0, shown.x, curve.value) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("loss", DEFAULTS, ids=str)
def test_every_place_of_a_slider_makes_a_loss(loss):
    for slider in sliders(loss, sigma=2.0):
        assert slider.low <= slider.value <= slider.high
        assert not slider.logs or slider.low > 0
        for at in (slider.low, slider.high, (slider.low + slider.high) / 2):
            assert math.isfinite(
                getattr(losses.get(type(loss).about.id, **loss.set_params() | {slider.name: at}), slider.name)
            )


def test_models_and_losses_have_a_bar_each():
    y, z = [3, -0.5, 2, 7], [2.5, 0, 2, 8]
    found = losses.audit(y, {EVIL: z, "b": y}, ["mae", "mse"])
    assert len(list(read(scores(found)).iter(f"{SVG}rect"))) == 4
    assert len(list(read(misses(found)).iter(f"{SVG}rect"))) == 4
    assert len(list(read(evaluated(losses.evaluate(["mae", "mse", "huber"], y, z))).iter(f"{SVG}rect"))) == 3


def test_notebooks_and_reports_show_the_same_pictures_and_escape_names(tmp_path):
    from losses.cli import main

    p = losses.profile([EVIL, "b", "b"] * 20, name=EVIL)
    whole = [p, losses.recommend(p), losses.evaluate(["mae"], [1.0], [2.0]), losses.audit([1.0, 2], {EVIL: [2.0, 1]})]
    assert not any("<script" in shown._repr_html_() for shown in whole)
    assert target(p) in p._repr_html_()
    (tmp_path / "a.csv").write_text("price,<b>\n" + "".join(f"{i * i % 97},{i % 2}\n" for i in range(60)))
    assert main(["profile", str(tmp_path / "a.csv"), "--html", str(tmp_path / "a.html")]) == 0
    page = (tmp_path / "a.html").read_text()
    assert page.count("<svg") == 4
    assert not re.search(r"<b>:|src=|href=|<script", page)
