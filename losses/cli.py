"""The command line: ``losses list | show | profile | drift | recommend | check | race | evaluate | serve``.

Tables for people, ``--json`` for programs; bad input is one clear line and exit status 2.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, get_args

from . import __version__
from .catalogue import catalogue, find, row
from .core import Reduction
from .domains import Array
from .errors import EmptyInput, LossesError, LossWarning, MissingDependency, UnknownName
from .evaluate import Evaluation, evaluate
from .profile import Profile, chosen, column_names, profile, profile_table, read_csv, read_table, saved
from .words import plural

Options = argparse.Namespace


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status is 0, 1 where ``check`` found something wrong, or 2 for bad input."""
    options = parser().parse_args(arguments)
    status = 0
    try:
        status = options.run(options) or 0
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except LossesError as error:
        return _fail(error.detail)
    except OSError as error:
        return _fail(f"{error.filename or 'file'}: {error.strerror or error}")
    except KeyboardInterrupt:
        return 130
    return status


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line too."""

    more: Callable[[], str] = str  # what its help says in the end

    def error(self, message: str) -> NoReturn:
        sys.exit(_fail(f"{message} (see {self.prog} --help)"))

    def format_help(self) -> str:
        return super().format_help() + self.more()


def _fail(sentence: str) -> int:
    print(f"losses: {' '.join(sentence.split())}", file=sys.stderr)
    return 2


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = Parser(prog="losses", description=(sys.modules["losses"].__doc__ or "").split("\n")[0])
    top.add_argument("--version", action="version", version=f"losses {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for run, says, options in COMMANDS:
        name = run.__name__.removesuffix("_command")
        command = commands.add_parser(name, help=says, description=says)
        for flags, settings in options:
            command.add_argument(*flags, **settings)
        command.set_defaults(run=run)
        command.more = MORE.get(name, str)
    return top


# ── the commands ────────────────────────────────────────────────────────────────────────────────────────────────────


def list_command(options: Options) -> None:
    """Every loss, or those of one task."""
    rows = catalogue(**({"task": options.task} if options.task else {}))
    if not rows:
        tasks = {task for r in catalogue() for task in r["tasks"]}
        raise UnknownName.among("task", options.task, tasks)
    if options.json:
        return _json(rows)
    heads = ("id", "convex", "differentiable", "robust", "unit", "tasks")
    cells = [[*(_spoken(r[head]) for head in heads[:-1]), ", ".join(map(_spoken, r["tasks"]))] for r in rows]
    return print(_table(heads, [[r["id"], *line[1:]] for r, line in zip(rows, cells, strict=True)]))


def show_command(options: Options) -> None:
    """All that is known of one loss."""
    about = row(find(options.loss))
    if options.json:
        return _json(about)
    print(f"{about['title']} ({about['id']})\n{about['summary']}\n")
    facts = {name: about[name] for name in ("formula", "elicits", "convex", "differentiable", "robust", "unit")}
    facts |= {"inputs": "; ".join(f"{name}: {says}" for name, says in about["inputs"].items())}
    facts |= {f"  {name}": _parameter(p) for name, p in about["parameters"].items()}
    facts |= {name: about[name] for name in ("note", "differs", "source") if about[name]}
    facts |= {"aliases": ", ".join(about["aliases"]), "native in": ", ".join(about["frameworks"])}
    for name, fact in facts.items():
        print(f"{name:16}{_spoken(fact)}" if fact else "", end="\n" if fact else "")
    return None


def profile_command(options: Options) -> None:
    """What a target column is like, or each column of a table."""
    from .page import described, line, page

    found, notes = _profiles(options)
    if options.private:
        found = {name: Profile.from_dict(p.to_dict(private=True)) for name, p in found.items()}
    if options.html:
        return _report(options, found)
    one = next(iter(found), None) if len(found) == 1 and not notes else "target" if "target" in found else None
    if one is not None:
        return _json(described(found[one])) if options.json else print(page(found[one]))
    if options.json:
        return _json({"columns": {name: described(p) for name, p in found.items()}, "warnings": notes})
    heads = ("column", "kind", "rows", "missing", "shape", "values")
    print(_table(heads, [line(p) for p in found.values()]), *notes, "", sep="\n")
    return print("One column in full: --column NAME")


def _report(options: Options, found: Mapping[str, Profile]) -> None:
    """Every column with its advice, as one page in a file."""
    from .advice import recommend
    from .report import advised, document, profiled

    parts = [profiled(p) + (advised(recommend(p)) if p.n else "") for p in found.values()]
    with open(options.html, "w", encoding="utf-8") as file:
        file.write(document(os.path.basename(options.file), parts))


def drift_command(options: Options) -> None:
    """What changed from one file to another."""
    from .drift import drift

    asked = {name: getattr(options, name) for name in ("metric", "goal", "task", "model", "framework")}
    old, new = (_profile(Options(file=file, column=options.column)) for file in (options.before, options.after))
    found = drift(old, new, **asked)
    return _json(found.to_dict()) if options.json else print(found)


def recommend_command(options: Options) -> None:
    """Which loss to train with."""
    from .advice import recommend

    asked = {name: getattr(options, name) for name in ("metric", "goal", "task", "model", "framework")}
    advice = recommend(_profile(options), **asked, costs=_costs(options), require=tuple(options.require), n=options.n)
    return _json(advice.to_dict()) if options.json else print(advice)


def check_command(options: Options) -> int:
    """Whether a loss is the one to train with."""
    from .advice import check

    asked = {name: getattr(options, name) for name in ("metric", "goal", "task", "model", "framework")}
    found = check(options.loss, target=_profile(options), **asked, costs=_costs(options))
    if options.json:
        _json(found.to_dict())
    else:
        print(found)
    return 0 if found.fine else 1


def race_command(options: Options) -> None:
    """The advice measured: candidate losses trained on the other columns."""
    from .profile.progress import Progress
    from .racing import race

    table = _read(options.file, None)
    name = chosen(list(table), options.column) or "target"
    others = [*options.without, *([options.weight] if options.weight else [])]
    for other in others:
        if other not in table:
            raise UnknownName.among("column", other, table)
    features = {key: values for key, values in table.items() if key not in (name, *others)}
    asked = {key: getattr(options, key) for key in ("metric", "goal", "task", "model", "framework", "budget", "cv")}
    with Progress() as progress:
        found = race(
            features, table[name], **asked, costs=_costs(options), name=name, candidates=options.loss or options.n,
            sample_weight=table.get(options.weight), progress=progress.tell,
        )  # fmt: skip
    return _json(found.to_dict()) if options.json else print(found)


def evaluate_command(options: Options) -> None:
    """Losses of predictions that stand in a file."""
    table = _read(options.file, None)
    y_true, y_pred, weight = _columns(table, options)
    found = evaluate(options.loss, y_true, y_pred, weight, reduction=options.reduction, missing=options.missing)
    shown = _show_rows if options.reduction == "none" else _show
    return _json(found.to_dict()) if options.json else shown(found)


def serve_command(options: Options) -> None:
    """Run the HTTP service."""
    _service("server").serve(host=options.host, port=options.port, workers=options.workers, insecure=options.insecure)


def _service(module: str) -> Any:
    try:
        return importlib.import_module(f"service.{module}")
    except ImportError as error:
        raise MissingDependency(f"the service needs its extra: pip install 'losses[service]' ({error})") from error


def _settings() -> str:
    try:
        return f"\n{_service('settings').described()}\n"
    except MissingDependency as missing:
        return f"\n{missing.detail}\n"


MORE: Mapping[str, Callable[[], str]] = {"serve": _settings}


# ── files, columns, tables ──────────────────────────────────────────────────────────────────────────────────────────


def _profiles(options: Options) -> tuple[dict[str, Profile], list[str]]:
    """The column that is named, "target" or the only one; else all columns, and what there is to say of others."""
    kept = saved(options.file)
    if kept and options.column is None:
        return kept, []
    if kept or options.column is not None or (options.file != "-" and _is_column(options.file)):
        found = _profile(options)
        if not found.rows:
            raise EmptyInput(f"there are no rows in {options.file}", field="target")
        return {found.name or "target": found}, []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", LossWarning)
        return profile_table(options.file), [str(w.message) for w in caught]


def _is_column(path: str) -> bool:
    names = column_names(path) if os.path.isfile(path) else []
    return len(names) == 1 or "target" in names or (not names and os.path.isfile(path))


def _profile(options: Options) -> Profile:
    kept = saved(options.file)
    if kept:
        return kept[str(chosen(list(kept), options.column))]
    if options.file != "-":
        return profile(options.file, column=options.column)
    table = _read("-", None if options.column is None else [options.column])
    name = options.column or ("target" if "target" in table else next(iter(table), "target"))
    if name not in table or (options.column is None and "target" not in table and len(table) > 1):
        raise UnknownName.among("column", options.column or "target", table)
    return profile(table[name], name=name)


def _read(path: str, columns: Sequence[str] | None) -> dict[str, Array]:
    return read_csv(sys.stdin.buffer, columns) if path == "-" else read_table(path, columns)


def _columns(table: Mapping[str, Array], options: Options) -> tuple[Any, Any, Any]:
    """Target, prediction and weights; columns ``y_pred.mean`` and the like are the parts of one prediction."""
    prefix = options.y_pred + "."
    parts = {name.removeprefix(prefix): table[name] for name in table if name.startswith(prefix)}
    for name in (options.y_true, *(() if parts else (options.y_pred,))):
        if name not in table:
            raise UnknownName.among("column", name, table)
    return table[options.y_true], parts or table[options.y_pred], table.get(options.sample_weight)


def _costs(options: Options) -> dict[str, float] | None:
    found = {}
    for pair in options.cost:
        name, _, value = pair.partition("=")
        try:
            found[name] = float(value)
        except ValueError as error:
            raise UnknownName(f"a cost is written under=3, got {pair[:40]!r}", field="costs") from error
    return found or None


def _show(found: Evaluation) -> None:
    lines = []
    for name, result in found.items():
        error = "" if result.standard_error is None else f"± {result.standard_error:.3g}"
        lines.append([name, f"{result.value:.6g}", error, result.unit])
    print(_table(("loss", "value", "s.e.", "unit"), lines) + f"\n{plural(found.n, 'row')}")
    for note in (*(note for result in found.values() for note in result.warnings), *found.warnings):
        print(f"{note.code}: {note.message}")


def _show_rows(found: Evaluation) -> None:
    print("\t".join(found))
    for costs in zip(*(result.value.tolist() for result in found.values()), strict=True):
        print("\t".join(map(str, costs)))


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[i]) for line in (heads, *lines)) for i in range(len(heads))]
    return "\n".join(
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in (heads, *lines)
    )


def _parameter(facts: Mapping[str, Any]) -> str:
    default = "none" if facts["default"] is None else str(facts["default"]).lower()
    return f"{facts['says']}; {facts['range']}, by default {default}"


def _spoken(fact: str) -> str:
    return fact.replace("_", " ") if " " not in fact else fact


def _json(document: Any) -> None:
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2, allow_nan=False)
    print()


Option = tuple[tuple[str, ...], dict[str, Any]]


def _option(*flags: str, **settings: Any) -> Option:
    return flags, settings


JSON = _option("--json", action="store_true", help="print JSON")
READ = "CSV, Parquet, Arrow, npy, npz or JSON lines; - for CSV on standard input"
FILE = _option("file", help=READ)
KEPT = _option("file", help=f"{READ}; or a profile that was kept as JSON")
COLUMN = _option("--column", help='the column (by default "target", or the only one)')
ASKED = [
    _option(f"--{name}", help=says)
    for name, says in {
        "metric": "what you are judged by: rmse, mae, log_loss, macro_f1, pinball@0.9 …",
        "goal": "what you want: total, typical, quantile@0.9, probability, ranking, decision, distribution",
        "task": "regression, classification, ordinal, multilabel, segmentation …",
        "model": "boosting, linear or neural",
        "framework": "sklearn, lightgbm, xgboost, catboost, torch, keras or optax",
    }.items()
]
COST = _option("--cost", action="append", default=[], metavar="NAME=X", help="under=3, false_negative=10 …")
COMMANDS: tuple[tuple[Callable[[Options], int | None], str, list[Option]], ...] = (
    (list_command, "every loss, with the columns of the comparison table", [_option("--task"), JSON]),
    (show_command, "one loss: formula, parameters, facts, sources", [_option("loss"), JSON]),
    (
        profile_command,
        "what a target column is like, or each column of a table",
        [
            *(KEPT, COLUMN, _option("--private", action="store_true", help="leave out single values")),
            _option("--html", metavar="FILE", help="write a report with pictures and advice, to be read offline"),
            JSON,
        ],
    ),
    (
        drift_command,
        "what changed between two files, and whether the advice changes with it",
        [
            _option("before", help="the earlier file, of any kind that profile reads, or a profile kept as JSON"),
            _option("after", help="the later file"),
            *(COLUMN, *ASKED, JSON),
        ],
    ),
    (
        recommend_command,
        "which loss to train with, and why",
        [
            *(KEPT, COLUMN, *ASKED, COST),
            _option("--require", action="append", default=[], help="convex, robust, differentiable …"),
            _option("-n", type=int, default=5, help="how many to rank"),
            JSON,
        ],
    ),
    (
        check_command,
        "whether a loss is the one to train with; exit status 1 where it is not",
        [KEPT, COLUMN, _option("--loss", required=True, help="mse, huber:delta=1.35 …"), *ASKED, COST, JSON],
    ),
    (
        race_command,
        "the advice measured: candidate losses trained on the other columns, within a budget",
        [
            *(FILE, COLUMN, *ASKED, COST),
            _option("--budget", type=float, default=30.0, metavar="S", help="seconds that may be used (by default 30)"),
            _option("--loss", action="append", default=[], help="race these instead of the first of the advice"),
            _option("-n", type=int, help="how many of the advice race (6, and a few outsiders)"),
            _option("--without", action="append", default=[], metavar="COLUMN", help="a column to leave out"),
            _option("--weight", metavar="COLUMN", help="the column of weights"),
            _option("--cv", type=int, default=5, help="folds"),
            JSON,
        ],
    ),
    (
        evaluate_command,
        "losses of the predictions in a file",
        [
            FILE,
            _option("--loss", action="append", required=True, help="mse, huber:delta=1.35 …; may be repeated"),
            _option("--y-true", default="y_true", help="the column of the truth"),
            _option("--y-pred", default="y_pred", help="the column of the prediction, or what its parts start with"),
            _option("--sample-weight", default="sample_weight", help="the column of weights, if there"),
            _option("--reduction", default="mean", choices=get_args(Reduction)),
            _option("--missing", default="error", choices=("error", "drop"), help="what to do with missing rows"),
            JSON,
        ],
    ),
    (
        serve_command,
        "run the HTTP service",
        [
            _option("--host", default="127.0.0.1"),
            _option("--port", type=int, default=8000),
            _option("--workers", type=int, default=1),
            _option("--insecure", action="store_true", help="listen beyond this machine without keys"),
        ],
    ),
)
