// The answer first: the loss in a sentence, how firm that is, why, what to do after; then the others.
import { el, fill, notices, short, spoken, table } from "./dom.js";

export function answered(section, told, catalogue) {
  const rows = Object.fromEntries(catalogue.map((row) => [row.id, row]));
  const [best, ...others] = told.ranked;
  if (!best) return fill(section, el("h2", { id: "answer-title" }, told.answer), refused(told, rows));
  const open = told.confidence.level === "open"; // the doubt before the answer
  fill(section,
    open && firmness(told.confidence),
    el("p", { class: "kicker" }, open ? "As it stands, train with" : "Train with"),
    el("h2", { id: "answer-title", tabindex: "-1" }, title(best, rows)),
    parameters(best),
    !open && firmness(told.confidence),
    el("p", { class: "lead" }, because(told, best)),
    reasons(best.reasons.slice(0, FIRST)),
    best.reasons.length > FIRST && el("details", {}, el("summary", {}, "More reasons"), reasons(best.reasons.slice(FIRST))),
    notices(best.warnings),
    after(best.post),
    changes(told),
    others.length && [el("h3", {}, "All that serve, best first"), ranking(told.ranked, rows)],
    refused(told, rows));
}

const FIRST = 4;
const firmness = ({ level, says }) => el("p", {}, el("span", { class: `badge ${level}` }, level), " ", says.replace(/^\w+: /, ""));
const reasons = (found) => el("ul", {}, found.map((reason) => el("li", {}, reason)));

const title = (found, rows) => [rows[found.id]?.title ?? found.spec, found.transform && ` on ${found.transform}(y)`, ["log", "logit"].includes(found.link) && ` with a ${found.link} link`];

const parameters = (found) => found.spec === found.id ? null : el("p", {}, el("code", {}, short(found.spec)));

// The sentence without the loss, which stands above it.
const because = (told, best) => `Because ${told.answer.slice(told.answer.indexOf(": ", `Train with ${best.spec}`.length) + 2)}`;

function after(post) {
  const steps = Object.entries(post);
  return steps.length ? [el("h3", {}, "After training"), steps.map(([name, step]) =>
    el("details", { open: true }, el("summary", {}, spoken(name)), el("pre", { tabindex: "0" }, step.code)))] : null;
}

function changes(told) {
  const found = [...told.flips.map((flip) => `${flip.says[0].toUpperCase()}${flip.says.slice(1)}.`), ...told.would_change];
  return found.length ? el("details", {}, el("summary", {}, "What would change this"), el("ul", {}, found.map((says) => el("li", {}, says)))) : null;
}

const HEADS = ["convex", "differentiable", "robust", "unit"];
const facts = (row) => HEADS.map((head) => spoken(row?.[head] ?? ""));
const link = (id, text) => el("a", { href: `/losses/${encodeURIComponent(id)}` }, text);

function ranking(found, rows) {
  const lines = found.map((one) => [
    [link(one.id, rows[one.id]?.title ?? one.spec), one.transform && ` on ${one.transform}(y)`, one.spec !== one.id && el("code", { class: "under" }, short(one.spec))],
    one.score.toFixed(2), one.reasons.slice(0, 2).join(" "), ...facts(rows[one.id])]);
  return table("The losses that serve, best first", ["Loss", "Score, of 1", "Why", ...HEADS.map(heading)], lines);
}

const heading = (name) => name[0].toUpperCase() + name.slice(1);

function refused(told, rows) {
  const lines = told.ruled_out.map((one) => [rows[one.loss] ? link(one.loss, rows[one.loss].title) : one.loss, one.reason, ...facts(rows[one.loss])]);
  return lines.length ? el("details", {}, el("summary", {}, `Ruled out: ${lines.length}, each with its reason`),
    table("Losses that were ruled out", ["Loss", "Reason", ...HEADS.map(heading)], lines)) : null;
}
