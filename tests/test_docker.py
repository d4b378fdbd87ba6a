"""The Dockerfile, followed step by step without Docker: each path, extra and command it names exists and works."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, rest), continued lines joined and comments left out."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = [line for line in re.sub(r"\\\n\s*", " ", text).splitlines() if line.strip()]
    return [(word.upper(), rest) for word, _, rest in (line.partition(" ") for line in lines)]


def test_every_path_it_copies_exists() -> None:
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source


def test_every_extra_it_installs_is_declared() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {
        extra
        for _, rest in instructions()
        for group in re.findall(r'"\.\[(.*?)\]"', rest)
        for extra in group.split(",")
    }
    assert named
    assert named <= set(declared)


def test_every_package_it_installs_is_pinned(image: Path) -> None:
    lines = (ROOT / "deploy/constraints.txt").read_text().splitlines()
    pinned = dict(line.lower().replace("_", "-").split("==") for line in lines if not line.startswith("#"))
    listed = subprocess.run([image / "bin/pip", "list", "--format=json"], check=True, capture_output=True).stdout
    installed = {package["name"].lower().replace("_", "-"): package["version"] for package in json.loads(listed)}
    assert {name: installed[name] for name in installed.keys() - {"losses", "pip", "setuptools"}} == pinned


def test_it_ends_as_another_user_than_root() -> None:
    users = [rest for word, rest in instructions() if word == "USER"]
    assert users
    assert users[-1] not in ("root", "0")


def test_the_docker_ignore_file_lets_through_what_is_copied() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {s for w, r in instructions() if w == "COPY" and not r.startswith("--from") for s in r.split()[:-1]}
    assert kept == copied


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the build stage makes, made here: its copies in an empty folder, its RUN lines in an empty environment."""
    source, opt = tmp_path_factory.mktemp("src"), tmp_path_factory.mktemp("opt") / "losses"
    stage = instructions()[: next(i for i, (word, _) in enumerate(instructions()) if word == "FROM" and i)]
    for word, rest in stage:
        if word == "COPY":
            *names, target = rest.split()
            for name in names:
                copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
                copy(ROOT / name, source / target)
        if word == "RUN":
            command = rest.replace("/opt/losses", str(opt)).replace("python -m venv", f"{sys.executable} -m venv")
            environment = {"PATH": "/usr/bin:/bin", "HOME": str(source)}
            subprocess.run(command, shell=True, cwd=source, env=environment, check=True, capture_output=True)
    return opt


READ_ONLY = ["unshare", "--mount", "sh", "-c", 'mount -o remount,ro,bind / && exec "$@"', "sh"]


def _may_remount() -> bool:
    return (
        shutil.which("unshare") is not None
        and subprocess.run([*READ_ONLY, "true"], capture_output=True).returncode == 0
    )


@pytest.mark.parametrize("within", [[], READ_ONLY], ids=["as it is", "on a read-only root"])
def test_the_installed_service_starts_as_it_says_and_is_healthy(image: Path, tmp_path: Path, within: list[str]) -> None:
    if within and not _may_remount():
        pytest.skip("this user may not remount the root of a namespace of its own")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = json.loads(next(rest for word, rest in reversed(instructions()) if word == "CMD"))
    command = [part.replace("8000", port).replace("0.0.0.0", "127.0.0.1") for part in command]
    check = next(rest for word, rest in instructions() if word == "HEALTHCHECK")
    probe = json.loads(check[check.index("CMD ") + 4 :].replace("8000", port))
    environment = {"PATH": f"{image}/bin:/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    server = subprocess.Popen([*within, f"{image}/bin/{command[0]}", *command[1:]], env=environment, cwd=tmp_path)
    try:
        healthy = (_passes(probe, image, environment) for _ in range(120))
        assert any(healthy), shlex.join(command)
    finally:
        server.terminate()
        assert server.wait(timeout=20) in (0, -15)


def test_its_base_images_are_pinned_to_a_version_and_a_distribution() -> None:
    for base in (rest.split()[0] for word, rest in instructions() if word == "FROM"):
        assert re.fullmatch(r"python:3\.\d+(-slim)?-[a-z]+", base), base


def _passes(probe: list[str], image: Path, environment: dict[str, str]) -> bool:
    done = subprocess.run([f"{image}/bin/{probe[0]}", *probe[1:]], env=environment, capture_output=True)
    if done.returncode:
        time.sleep(0.25)
    return done.returncode == 0
