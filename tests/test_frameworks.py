"""Frameworks are files: listed, refused by name, removed by deleting one."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys

import pytest

import losses
from losses import frameworks
from losses.catalogue import LOSSES
from losses.errors import MissingDependency, NotSupported, UnknownName
from losses.frameworks._classes import CLASSES

PACKAGE = pathlib.Path(losses.__file__).parent
PAIRS = [(loss, name) for name in frameworks.NAMES for loss in LOSSES]


@pytest.mark.parametrize("gone", frameworks.NAMES)
def test_deleting_one_file_removes_one_framework_and_no_more(gone: str, tmp_path: pathlib.Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "losses", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "losses" / "frameworks" / f"{gone}.py").unlink()
    script = (
        "import losses\nfrom losses import frameworks\n"
        f"assert {gone!r} not in frameworks.NAMES and len(frameworks.NAMES) == {len(frameworks.NAMES) - 1}\n"
        "assert all(frameworks.code(losses.get('mse'), name) for name in frameworks.NAMES)\n"
        "assert losses.recommend([1.0, 2.0, 5.0] * 20, metric='mae').best.code\n"
        f"assert all({gone!r} not in row['frameworks'] for row in losses.catalogue())\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_importing_losses_imports_no_framework() -> None:
    names = {*frameworks.NAMES, "jax"}
    script = f"import sys, losses; losses.catalogue(); print({names!r} & {{m.partition('.')[0] for m in sys.modules}})"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert ran.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("alias", "name"),
    [("scikit-learn", "sklearn"), ("PyTorch", "torch"), ("jax", "optax"), ("xgb", "xgboost"), ("LightGBM", "lightgbm")],
)
def test_frameworks_have_the_names_people_use(alias: str, name: str) -> None:
    if name not in frameworks.NAMES:
        pytest.skip(f"losses/frameworks/{name}.py is not there")
    assert frameworks.find(alias) == name


@pytest.mark.parametrize("name", frameworks.NAMES)
def test_an_unknown_framework_is_refused_with_the_nearest_names(name: str) -> None:
    with pytest.raises(UnknownName, match=f"unknown framework '{name}x'; did you mean '{name}'") as caught:
        losses.get("mse").to(f"{name}x")
    assert caught.value.data["field"] == "framework"


def test_an_unknown_transform_is_refused() -> None:
    with pytest.raises(UnknownName, match="unknown transform"):
        frameworks.code(losses.get("mse"), frameworks.NAMES[0], transform="cube")


@pytest.mark.parametrize(("loss", "name"), PAIRS)
def test_a_loss_is_spelled_or_refused_with_a_reason(loss: str, name: str) -> None:
    wanted = LOSSES[loss]()
    if name in frameworks.supports(loss):
        compile(frameworks.code(wanted, name), "<code>", "exec")
        return
    with pytest.raises(NotSupported) as caught:
        frameworks.code(wanted, name)
    refusal = caught.value
    assert str(wanted) in refusal.detail
    assert name in refusal.detail
    nearest = refusal.data["nearest"]
    if loss in frameworks._frameworks()[name].refused:
        assert nearest is not None
    else:
        known = [other for other in LOSSES if name in frameworks.supports(other) and tasks(other) & tasks(loss)]
        assert nearest in known if known else nearest is None
    assert (nearest or "it has no loss near it") in refusal.detail
    assert nearest is None or frameworks.spelled(losses.get(nearest), name)


def tasks(loss: str) -> set[str]:
    return set(LOSSES[loss].about.tasks)


def test_every_row_names_a_loss_of_the_catalogue() -> None:
    for name, found in frameworks._frameworks().items():
        assert not {*found.native, *found.ours, *found.refused} - set(LOSSES), name
        assert not set(found.refused) & {*found.native, *found.ours}, name


def test_a_framework_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    if "torch" not in frameworks.NAMES:
        pytest.skip("torch.py is not there")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependency, match="pip install torch"):
        losses.get("huber").to("torch")


@pytest.mark.parametrize("name", [n for n in ("lightgbm", "xgboost", "catboost") if n in frameworks.NAMES])
def test_boosters_get_their_own_scale_and_names(name: str) -> None:
    spelled = {
        "lightgbm": {
            "huber:delta=1.35": {"objective": "huber", "alpha": 1.35},
            "quantile:tau=0.9": {"objective": "quantile", "alpha": 0.9},
            "smooth_l1:beta=2": {"objective": "huber", "alpha": 2.0},
            "tweedie:power=1.3": {"objective": "tweedie", "tweedie_variance_power": 1.3},
            "weighted_bce:pos_weight=3": {"objective": "binary", "scale_pos_weight": 3.0},
        },
        "xgboost": {
            "pseudo_huber:delta=2": {"objective": "reg:pseudohubererror", "huber_slope": 2.0},
            "quantile:tau=[0.1,0.9]": {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.9]},
        },
        "catboost": {
            "huber:delta=1.35": {"loss_function": "Huber:delta=1.35"},
            "quantile:tau=[0.1,0.9]": {"loss_function": "MultiQuantile:alpha=0.1,0.9"},
            "focal": {"loss_function": "Focal:focal_alpha=0.25;focal_gamma=2.0"},
            "expectile:tau=0.8": {"loss_function": "Expectile:alpha=0.8"},
        },
    }
    for spec, params in spelled[name].items():
        assert losses.get(spec).to(name) == params


@pytest.mark.parametrize("loss", CLASSES)
def test_no_leaf_of_classes_is_empty(loss: str) -> None:
    """Curvatures of classes have no unit, so that LightGBM can be told to leave alone what rounding left of a sum."""
    pytest.importorskip("lightgbm")
    params = losses.get(loss).to("lightgbm")
    assert not callable(params["objective"]) or params["min_child_weight"] > 0
    assert losses.get("mape").to("lightgbm").get("min_child_weight", 0.0) == 0.0
