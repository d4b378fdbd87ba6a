// What the column looks like and what each loss would predict for it; facts, warnings, the kind and its rivals.
import { el, fill, notices, number, percent, picture, short, spoken, table } from "./dom.js";

export function seen(section, known, told) {
  const said = told.ranked[0]?.warnings.map((row) => row.code) ?? []; // beside the answer
  fill(section,
    el("h2", { id: "target-title" }, "What the column looks like"),
    el("p", {}, kinds(known.kinds)),
    known.settling && el("p", { class: "quiet" }, settling(known.settling)),
    picture(told.pictures.target || known.pictures.target),
    constants(told, Object.keys(known.readings.imbalance?.counts ?? {})),
    notices(told.warnings.filter((row) => !said.includes(row.code))),
    el("dl", {}, known.facts.map((fact) => el("div", {}, el("dt", {}, fact.name), el("dd", {}, fact.says)))));
}

// The question that settles it; the answer is a choice of this page and not of the command line.
const settling = (says) => says.includes("--task") ? `${says.split("?")[0]}? Name the task above.` : says;

function kinds(found) {
  const [first, ...rivals] = found.filter((kind) => kind.share >= 0.01);
  if (!first) return "";
  const said = (kind) => [el("strong", {}, spoken(kind.id)), ` ${percent(kind.share)}`, kind.evidence.length && `: ${kind.evidence.join("; ")}`];
  return ["Read as ", said(first), ". ", rivals.map((kind) => ["Or ", said(kind), ". "])].flat(3);
}

function constants({ ranked, task }, names) {
  const classes = task !== "regression";
  const share = ({ share_of_total: share }) => share == null ? "" : percent(share);
  const found = ranked.filter((one) => one.constant);
  const lines = alike(found.map(({ spec, transform, constant }) => [
    transform ? `${spec} on ${transform}(y), with smearing` : short(spec), number(constant.value), share(constant), ...(classes ? [] : [percent(constant.over)])]));
  const heads = classes ? [`Probability of ${names[1] ?? "the second class"}`, "Of its share of rows"] : ["Prediction", "Of the total", "Rows that lie below it"];
  return found.length ? [el("h3", {}, "What each loss would predict, knowing nothing else"),
    table("The best constant of each loss", ["Loss", ...heads], lines)] : null;
}

// Losses that predict the same share a row.
function alike(lines) {
  const rows = new Map();
  for (const [name, ...cells] of lines) {
    const key = cells.join();
    rows.set(key, [rows.has(key) ? `${rows.get(key)[0]}, ${name}` : name, ...cells]);
  }
  return [...rows.values()];
}
