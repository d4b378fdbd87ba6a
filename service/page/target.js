// What the column looks like and what each loss would predict for it; facts, warnings, the kind and its rivals.
import { el, fill, notices, number, percent, picture, spoken, table } from "./dom.js";

export function seen(section, known, told) {
  const said = told.ranked[0]?.warnings.map((row) => row.code) ?? []; // beside the answer
  fill(section,
    el("h2", { id: "target-title" }, "What the column looks like"),
    el("p", {}, kinds(known.kinds)),
    known.settling && el("p", { class: "quiet" }, known.settling),
    picture(told.pictures.target || known.pictures.target),
    constants(told.ranked),
    notices(told.warnings.filter((row) => !said.includes(row.code))),
    el("dl", {}, known.facts.map((fact) => el("div", {}, el("dt", {}, fact.name), el("dd", {}, fact.says)))));
}

function kinds(found) {
  const [first, ...rivals] = found.filter((kind) => kind.share >= 0.01);
  if (!first) return "";
  const said = (kind) => [el("strong", {}, spoken(kind.id)), ` ${percent(kind.share)}`, kind.evidence.length && `: ${kind.evidence.join("; ")}`];
  return ["Read as ", said(first), ". ", rivals.map((kind) => ["Or ", said(kind), ". "])].flat(3);
}

function constants(ranked) {
  const found = ranked.filter((one) => one.constant);
  const whole = (one) => one.constant.share_of_total;
  const lines = found.map((one) => [one.transform ? `${one.spec} on ${one.transform}(y)` : one.spec, number(one.constant.value), whole(one) == null ? "" : percent(whole(one)), percent(one.constant.over)]);
  return found.length ? [el("h3", {}, "What each loss would predict, knowing nothing else"),
    table("The best constant of each loss", ["Loss", "Prediction", "Share of the total", "Rows that lie below it"], lines)] : null;
}
