"""What to do about each warning, by its code."""

from __future__ import annotations

REMEDIES: dict[str, str] = {
    "ACCURACY_TRIVIAL": "Report the share of the commonest class beside yours. If the rare class matters, be judged by "
    "balanced_accuracy, f1, or what each mistake costs.",
    "AMBIGUOUS_TARGET": "Look at a few values and at what they mean, then name the task; a metric settles it too.",
    "BATCH_BOUND": "Use batches of hundreds, a memory of past embeddings, or supcon where labels are at hand.",
    "CENSORED": "Find out whether larger values were cut off there. If so, the mean above is not to be learned from "
    "these rows: predict a quantile below the limit, or use a survival model.",
    "CONSTANT": "Check the column and the filter of the rows. One value calls for no model.",
    "CROSSED_INTERVAL": "Sort both ends of each interval, or train the width as a positive number.",
    "DEGENERATE_BOXES": "Drop or repair boxes without area before training: every overlap with them is 0.",
    "DELTA_SCALE": "Take the parameter from the data, as is done here, and set it again when the unit changes.",
    "DISJOINT_BOXES": "Take giou, diou or ciou, which pull boxes together before they touch.",
    "DOUBTED_DECIMALS": "Write thousands without a mark (1234) or decimals with another number of digits (1.2340), or "
    "send Parquet, which leaves no doubt.",
    "EASY_TRIPLETS": "Mine semi-hard triplets: negatives farther than the positive, and within the margin.",
    "EMPTY_MASKS": "Give the overlap a smooth term, and report images without foreground by how often anything is "
    "found in them.",
    "FOCAL_MISCALIBRATES": "Rank or decide by its scores; where probabilities are read, undo the bend as the lines "
    "after training do, or train with bce.",
    "GOAL_CONFLICT": "Keep the one by which you will be judged and leave the other out.",
    "GOAL_UNSTATED": "Name the metric, or what predictions are for: the total (mean), the usual case (median), or a "
    "level to be safe at (quantile).",
    "HINGE_NO_PROBABILITY": "Use it for decisions alone. For probabilities train with bce, or calibrate on held-out "
    "rows.",
    "HUBER_SHIFT": "Where totals count train for the mean, where the usual case counts for the median; Huber is for "
    "symmetric targets with errors in them.",
    "IMBALANCE_HARMLESS": "Train on the rows as they are. If decisions are wanted, move the threshold afterwards.",
    "KL_REDUCTION": 'Write torch.nn.KLDivLoss(reduction="batchmean").',
    "LOGITS_AS_PROBABILITIES": "Pass softmax(logits), or ask for a loss that reads logits.",
    "LOW_CONFIDENCE": "Gather more rows, or let what you know of the target decide; cross-validate before you believe "
    "a difference.",
    "MAE_NOT_TOTAL": "If predictions are added up, train for the mean, or scale them so that the training total is "
    "right.",
    "MAE_ZEROS": "Train for the mean, or split the question: is it zero, and how much where it is not.",
    "MAPE_LOW_BIAS": "Be judged by wape or mae where totals count; else accept that sums come out low.",
    "MAPE_NEAR_ZERO": "Leave out rows below a size that matters, or be judged by wape, which weighs rows by size.",
    "MAPE_ZERO": "Leave the zeros out and predict them apart, or be judged by mae or wape.",
    "MISSING": "Drop these rows from training and scoring; do not fill a target in. Ask why it is missing: rows whose "
    "target is missing because it is large or small bias what is learned.",
    "MISSING_DROPPED": "Look at the rows that were left out: what is told here holds for the others only.",
    "MSE_DOMINATED": "Look at these rows first. If they are errors, mend them or take huber or mae; if they are real "
    "and the mean is wanted, keep MSE and watch a few rows decide.",
    "MSLE_GEOMETRIC": "If totals count, train for the mean; or multiply predictions by the smearing factor that the "
    "lines after training compute.",
    "NON_FINITE": "Look at the worst rows: a probability of exactly 0 for what came, or a prediction outside what the "
    "loss reads.",
    "NOT_A_TARGET": "Choose another column. Of a date predict how long until then, as a number.",
    "NOT_COMPARABLE": "Compare models by one loss at a time, never losses by their values.",
    "NO_FAMILY": "Train several quantiles instead, which need no shape.",
    "NO_TARGET": "Give the column, or a profile of it: parameters, warnings and order then come from the data.",
    "ONE_HOT_OR_INDEX": "Pass y.argmax(axis=1) and train with cross_entropy.",
    "ORDER_UNKNOWN": "Put the levels in order in the lines of code, least first; or replace them by their numbers.",
    "ONE_SIDED": "Name f1, balanced_accuracy, or what a miss and a false alarm cost.",
    "ORDINAL_AS_NOMINAL": "If a near miss is better than a far one, be judged by qwk or mae of the levels.",
    "OVER_SMOOTHED": "Smooth only where held-out rows say so, and less where classes are many.",
    "POISSON_SCALE": "Nothing is wrong with the fit; do not read the likelihood as one of counts.",
    "QUANTILE_TAIL": "Take a level nearer to the middle, pool rows, or fit a distribution and read the quantile off.",
    "QUANTILE_ZEROS": "Split the question: is it zero, and which quantile where it is not; or take a higher level.",
    "RARE_CLASS": "Pool it with another class, gather rows, or leave it to a rule; judge by folds that each hold some.",
    "REDUCTION_MISMATCH": "When moving code between the two, multiply the learning rate by the mean weight.",
    "SCALE_MISMATCH": "Log each term by itself; give the smaller one a factor if it stops moving.",
    "SENTINEL": "Turn the code into a missing value before profiling, or say so if it is a real value.",
    "SUPPORT": "Choose a metric that is defined here, shift the target, or leave out rows outside its range.",
    "TASK_MISFIT": "Leave the task out to have it read from the column, or choose the column that goes with it.",
    "WEIGHTS_EXPLODE": "Cap the weights (effective numbers do), or leave weights and move the threshold.",
    "WEIGHTS_MISCALIBRATE": "Undo the weights as the lines after training do, before probabilities are read.",
    "WEIGHT_OR_POS_WEIGHT": "Use one of the two, and set the learning rate with it.",
}
