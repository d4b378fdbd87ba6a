"""What speaks for and against each loss of a mask, a box, a pair or a distribution."""

from __future__ import annotations

from losses.advice import sources
from losses.advice.rule import Rule, trait, wants

STRUCTURES = (
    Rule(
        "overlap-and-pixels", wants("overlap"), trait("combined"), 2.0,
        "the overlap sets the goal, the pixels a steady gradient", source=sources.NNU_NET,
    ),
    Rule(
        "plain-overlap", wants("overlap"), trait("plain"), 0.3, "it is the plain form, with the fewest parameters",
        source=sources.PRACTICE,
    ),
    Rule(
        "small-foreground", lambda q: q.functional == "overlap" and q.foreground < 0.05, trait("misses"), 2.2,
        "foreground is {q.foreground:.2%} of all pixels: misses must cost more than false alarms",
        source=sources.TVERSKY,
    ),
    Rule(
        "pixels-drown", lambda q: q.functional == "overlap" and q.foreground < 0.01,
        lambda q, c: not c.elicits.isdisjoint({"probability", "distorted_probability"}), -1.5,
        "foreground is {q.foreground:.2%} of all pixels: predicting none is nearly free", source=sources.MASK_METRICS,
    ),
    Rule(
        "complete-boxes", wants("box"), lambda q, c: c.about.id in ("ciou", "diou", "giou"), 0.5,
        "it has a gradient where boxes are apart", source=sources.BOX_OVERLAP,
    ),
    Rule(
        "centres-and-shapes", wants("box"), lambda q, c: c.about.id == "ciou", 0.4,
        "it also scores centre distance and shape", source=sources.BOX_SHAPE,
    ),
    Rule(
        "centres", wants("box"), lambda q, c: c.about.id == "diou", 0.3, "it also scores centre distance",
        source=sources.BOX_SHAPE,
    ),
    Rule(
        "labels-make-triplets", lambda q: q.task == "metric_learning", lambda q, c: "metric_learning" in c.about.tasks,
        1.0,
        "labels say which rows belong together", source=sources.BY_DEFINITION,
    ),
    Rule(
        "anchors", lambda q: q.task == "metric_learning", lambda q, c: c.about.id == "triplet", 0.5,
        "it compares a match with a miss directly", source=sources.TRIPLETS,
    ),
    Rule(
        "pairs-in-batch", lambda q: q.task == "contrastive", lambda q, c: c.about.id in ("infonce", "nt_xent"), 1.5,
        "every other row of the batch is a negative", source=sources.CONTRAST,
    ),
    Rule(
        "teacher-first", wants("match"), lambda q, c: c.about.id == "kl_div", 0.5,
        "it is zero only where the student matches the teacher", source=sources.DISTILLATION,
    ),
)  # fmt: skip
