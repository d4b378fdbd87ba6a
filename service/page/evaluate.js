// Models side by side: drop a table of truth and predictions, see who is ahead, whether that is more than chance, and why.
import { get } from "./api.js";
import { $, el, fill, notices, number, percent, picture, room, table } from "./dom.js";
import { remember, state } from "./state.js";
import { files, named, opening, sent, working } from "./work.js";

let file = null;

const take = (given) => working(async (signal) => {
  named(given);
  file = given;
  for (const name of ["truth", "weight", "models"]) $(name).replaceChildren();
  $("models").hidden = true;
  const told = await ask(given, {}, signal);
  offer(told);
  show(told);
});

const asked = () => ({
  truth: $("truth").value,
  weight: $("weight").value || null,
  model: [...$("models").querySelectorAll("input:checked")].map((input) => input.value).filter((name) => name !== $("weight").value),
});

function ask({ body, type }, which, signal) {
  const loss = $("losses").value.trim().split(/(?:\s*,\s*|\s+)(?![^[]*\])(?!\w+=)/);
  return sent("/v1/audits", { ...which, loss, missing: $("missing").value, pictures: room($("result")) }, body, type, signal);
}

function offer(told) {
  fill($("truth"), told.columns.map((name) => el("option", { value: name, selected: name === told.truth }, name)));
  const weight = $("weight").value;
  const others = told.columns.filter((name) => name !== told.truth);
  fill($("weight"), el("option", { value: "" }, "all alike"), others.map((name) => el("option", { value: name, selected: name === weight }, name)));
  $("truth").disabled = $("weight").disabled = false;
  const boxes = others.filter((name) => name !== weight).map((name, i) =>
    el("div", {}, el("input", { type: "checkbox", id: `model-${i}`, value: name, checked: told.models.includes(name) }), " ", el("label", { for: `model-${i}` }, name)));
  fill($("models"), el("legend", {}, "Models"), boxes);
}

function show(told) {
  const units = [...new Set(told.lines.map((line) => line.unit))];
  fill($("result"),
    el("h2", { id: "result-title" }, `${told.models.length} ${told.models.length === 1 ? "model" : "models"} on ${told.n.toLocaleString("en")} rows`),
    el("ul", {}, told.lines.map((line) => el("li", {}, el("strong", {}, line.loss), `: ${line.says}.`))),
    el("p", { class: "quiet" }, "Behind ± stands one standard error."),
    units.map((unit) => [
      el("h3", {}, `Unit: ${unit}`),
      table(`Losses in ${unit}`, ["Loss", ...told.models], told.lines.filter((line) => line.unit === unit).map((line) => [
        line.loss, ...line.scores.map((score) => cell(score, line.ahead && score.model === line.best))])),
    ]),
    notices(told.warnings),
    picture(told.pictures.scores, "Bars are means over all rows; whiskers reach two standard errors either way."),
    el("h3", {}, "Where the models miss"),
    picture(told.pictures.misses, "The thick bar holds half of the rows, the thin one nine in ten, the line 98 in a hundred."),
    told.worst.length && [el("h3", {}, `The rows that cost most, by ${told.lines[0].loss}`),
      table("The costliest rows", ["Row", "Truth", ...told.models, "Mean cost"], told.worst.map((row) => [
        String(row.row), number(row.truth), ...told.models.map((name) => number(row.predictions[name])), number(row.cost)]))],
    told.left_out.length && el("details", {}, el("summary", {}, `Left out: ${told.left_out.length}`),
      table("Losses that were left out", ["Loss", "Reason"], told.left_out.map((one) => [one.loss, one.reason]))));
}

const cell = (score, best) => [
  el(best ? "strong" : "span", {}, number(score.value)), score.standard_error == null ? "" : ` ± ${number(score.standard_error, 2)}`,
  score.top_share == null ? "" : el("span", { class: "under" }, `${percent(score.top_share)} of it from the costliest 1%`)];

files((given) => {
  remember({ example: null });
  take(given);
});

async function example() {
  remember({ example: "models" });
  await take({ name: "models.csv", body: await (await fetch("/page/models.csv")).blob(), type: "text/csv" });
}

$("example").addEventListener("click", example);
$("ask").addEventListener("change", (event) => {
  if (event.target.id === "file") return;
  remember({ losses: $("losses").value, missing: $("missing").value === "drop" ? "drop" : null });
  if (!file) return;
  working(async (signal) => {
    const told = await ask(file, asked(), signal);
    offer(told);
    show(told);
  });
});

$("losses").value = state.losses ?? "";
$("missing").value = state.missing === "drop" ? "drop" : "error";
await opening(async () => {
  const rows = await get("/v1/losses");
  $("losses").placeholder = `what suits, or such as ${rows.slice(0, 2).map((row) => row.id).join(", ")}`;
  $("known").append(...rows.map((row) => el("option", { value: row.id }, row.title)));
});
if (state.example === "models") await example();
