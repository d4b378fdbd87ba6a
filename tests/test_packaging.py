"""The distribution: wheel and sdist build, hold what they should, and work where they are installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BENCHMARKS = {path.stem: path.read_text() for path in sorted((ROOT / "benchmarks").glob("*.py"))}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", folder, ROOT], check=True, capture_output=True)
    return folder


def test_the_wheel_holds_both_packages_their_types_and_nothing_else(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"losses", "service"}
    assert {"losses/py.typed", "losses/advice/evidence.json", "service/py.typed"} <= set(names)


@pytest.mark.skipif(shutil.which(os.environ.get("CC", "gcc")) is None, reason="there is no compiler")
def test_the_wheel_holds_the_compiled_machine_where_there_is_a_compiler(built: Path, tmp_path: Path) -> None:
    wheel = next(built.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        assert [
            name
            for name in archive.namelist()
            if name.startswith("losses/_machine.") and name.endswith((".so", ".pyd"))
        ]
        archive.extractall(tmp_path)
    assert "-abi3-" in wheel.name
    script = "import losses.tracing as t; print(t._machine.__file__, len(t.CODES) > 0)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.startswith(str(tmp_path))
    assert done.stdout.endswith("True\n")


def test_the_sdist_holds_the_tests_and_the_licence(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {"LICENSE", "README.md", "pyproject.toml", "tests/test_packaging.py", "losses/advice/evidence.json"} <= names


def test_the_installed_wheel_imports_and_its_command_runs(built: Path, tmp_path: Path) -> None:
    wheel = next(built.glob("*.whl"))
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", tmp_path, wheel]
    subprocess.run(install, check=True, capture_output=True)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    script = "import losses; print(losses.__file__, losses.MSE()([1.0], [3.0]))"
    done = subprocess.run([sys.executable, "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.split() == [str(tmp_path / "losses" / "__init__.py"), "4.0"]
    version = subprocess.run(
        [tmp_path / "bin" / "losses", "--version"], env=environment, capture_output=True, text=True
    )
    assert version.stdout.startswith("losses ")


def test_in_process_use_needs_numpy_and_scikit_learn_only() -> None:
    assert sorted(name.split(">")[0] for name in PROJECT["dependencies"]) == ["numpy", "scikit-learn"]


def test_importing_the_engine_loads_no_web_framework_and_no_heavy_library() -> None:
    heavy = ("fastapi", "pydantic", "httpx", "uvicorn", "sklearn", "scipy", "pandas", "pyarrow", "torch")
    script = f"import sys, losses; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_make_bench_runs_every_benchmark_that_prints_a_table() -> None:
    recipe = (ROOT / "Makefile").read_text().partition("\nbench:")[2].partition("\n\n")[0]
    tables = [name for name, text in BENCHMARKS.items() if '__name__ == "__main__"' in text and "head(" in text]
    assert len(tables) >= 3
    assert [name for name in tables if f"-m benchmarks.{name}" not in recipe] == []


def test_the_bench_extra_names_all_that_the_benchmarks_import() -> None:
    extras = PROJECT["optional-dependencies"]
    wanted = ["bench", *re.findall(r"losses\[([\w,]+)\]", " ".join(extras["bench"]))]
    lines = [
        *PROJECT["dependencies"],
        *(line for some in wanted for extra in some.split(",") for line in extras[extra]),
    ]
    known = set(re.findall(r"[a-z]\w+", " ".join(lines).replace("scikit-learn", "sklearn")))
    called = {name for text in BENCHMARKS.values() for name in re.findall(r'import_module\(f?"(\w+)', text)}
    assert {"polars", "statsmodels", "distributed", "pyarrow"} <= called
    assert called - known == set()
