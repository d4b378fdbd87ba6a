"""The README's catalogue table, generated: ``python -m tests.readme`` writes it, a test holds it."""

from __future__ import annotations

from pathlib import Path

from losses.catalogue import table

README = Path(__file__).parents[1] / "README.md"
START, END = "<!-- catalogue: written by `make readme` -->\n", "\n<!-- end of catalogue -->"


def with_table(text: str) -> str:
    """The README with the table as the code has it now."""
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    return before + START + table() + END + after


if __name__ == "__main__":
    README.write_text(with_table(README.read_text()))
