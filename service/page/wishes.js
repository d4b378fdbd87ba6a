// What is asked of the losses: the form, the words it offers (the API's), and what it says to the API.
import { get } from "./api.js";
import { $, el, spoken } from "./dom.js";
import { remember, state } from "./state.js";

const option = (value, text, chosen) => el("option", { value, selected: value === chosen }, text);
const group = (label, options) => options.length ? el("optgroup", { label }, options) : null;

let words = null;

export async function offer() {
  words = await get("/v1/vocabulary");
  $("trained").append(
    group("Framework", words.frameworks.map((row) => option(`framework:${row.id}`, row.id, state.trained))),
    group("Kind of model", words.models.map((row) => option(`model:${row.id}`, spoken(row.id), state.trained))),
  );
  $("task").append(...words.tasks.map((row) => option(row.id, spoken(row.id), state.task)));
  for (const name of ["level", "less", "much"]) if (state[name]) $(name).value = state[name];
  $("more").open = Boolean(state.less || state.much || state.task);
  fit(null);
}

// Offers what makes sense for this kind of target; a choice that no longer does is dropped.
export function fit(kind) {
  const row = words.kinds.find((known) => known.id === kind);
  const tasks = $("task").value ? [$("task").value] : row?.tasks ?? [];
  const classes = tasks[0] === "classification" || tasks[0] === "multilabel";
  const serves = (metric) => !tasks.length || metric.tasks.some((task) => tasks.includes(task));
  const goals = words.goals.filter((goal) => !classes || goal.for_classes);
  const metrics = words.metrics.filter(serves);
  const said = (row) => `${row.says} (${row.id})`;
  $("aim").replaceChildren(
    option("", "not decided yet", state.aim ?? ""),
    group("What the predictions are for", goals.map((row) => option(`goal:${row.id}`, said(row), state.aim))),
    group("The metric you are judged by", metrics.map((row) => option(`metric:${row.id}`, said(row), state.aim))),
  );
  $("less-says").textContent = classes ? "A miss (false negative) costs" : "A prediction too low costs";
  $("much-says").textContent = classes ? "A false alarm costs" : "A prediction too high costs";
  $("less").dataset.name = classes ? "false_negative" : "under";
  $("much").dataset.name = classes ? "false_positive" : "over";
  level();
}

const levelOf = () => {
  const [what, id] = $("aim").value.split(":");
  return words[`${what}s`]?.find((row) => row.id === id)?.level ?? "";
};

function level() {
  const kind = levelOf();
  $("levelled").hidden = !kind;
  const rank = kind === "rank";
  Object.assign($("level"), rank ? { min: 1, max: 1000, step: 1 } : { min: 0.01, max: 0.99, step: 0.01 });
  if (kind && (Number($("level").value) >= 1) !== rank) $("level").value = rank ? 10 : 0.9;
}

export function note() {
  level();
  const named = { aim: $("aim").value, trained: $("trained").value, task: $("task").value };
  remember({ ...named, level: levelOf() && $("level").value, less: $("less").value, much: $("much").value });
}

// The same as fields of a request.
export function wishes() {
  const found = {};
  const [what, id] = $("aim").value.split(":");
  if (id) found[what] = levelOf() ? `${id.replace("@k", "")}@${$("level").value}` : id;
  const [how, name] = $("trained").value.split(":");
  if (name) found[how] = name;
  if ($("task").value) found.task = $("task").value;
  const costs = [$("less"), $("much")]; // one alone is told beside the 1 that stands in the other
  if (costs.some((input) => input.value)) {
    found.costs = Object.fromEntries(costs.map((input) => [input.dataset.name, Number(input.value || input.placeholder)]));
  }
  return found;
}
