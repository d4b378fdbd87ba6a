// Drop a column, see the answer: what comes in, what is asked of the API, and who shows which part of the reply.
import { answered } from "./answer.js";
import { Problem, get } from "./api.js";
import { coded } from "./code.js";
import { $, el, fill, room, spoken } from "./dom.js";
import { shaped } from "./shapes.js";
import { remember, state } from "./state.js";
import { seen } from "./target.js";
import { fit, note, offer, wishes } from "./wishes.js";
import { files, named, opening, sent, working } from "./work.js";

const HEAD = 1 << 18; // bytes of a text from which the kinds of its columns are told

let file = null; // what was given: {name, body, type}
let columns = {}; // replies of the API by column, as far as they are known
let rows = []; // the catalogue

const take = (given) => working(async (signal) => {
  named(given);
  const whole = given.body.size <= HEAD || given.type !== "text/csv";
  const told = await look(given, whole, signal);
  file = given;
  columns = whole && !told.names ? told.columns : {};
  choose(told.columns, state.column in told.columns ? state.column : told.likely ?? Object.keys(told.columns)[0]);
  await answer(signal);
});

const wide = () => room($("target"));

async function look({ body, type }, whole, signal) {
  try {
    const found = await sent("/v1/profiles", { pictures: wide() }, whole ? body : await head(body), type, signal);
    return found.columns ? found : { columns: { [found.profile.name ?? "target"]: found }, likely: null };
  } catch (error) {
    const fits = type === "text/csv" && error instanceof Problem && (!whole || error.field === "max_columns");
    if (!fits) throw error;
    return headed(body);
  }
}

// The names alone, where there are too many columns to look at, or the head of the text is none by itself.
async function headed(body) {
  const [line] = (await body.slice(0, HEAD).text()).split(/\r?\n/);
  const mark = [",", "\t", ";"].find((one) => line.includes(one)) ?? ",";
  const cells = line.match(new RegExp(`"(?:[^"]|"")*"|[^${mark}]+`, "g")) ?? [];
  const names = cells.map((cell) => cell.replace(/^"|"$/g, "").replaceAll('""', '"'));
  return { names, columns: Object.fromEntries(names.map((name) => [name, null])), likely: names.at(-1) };
}

// The first rows of a large text, whole ones.
async function head(body) {
  const text = new Uint8Array(await body.slice(0, HEAD).arrayBuffer());
  return new Blob([text.slice(0, text.lastIndexOf(10) + 1)]);
}

function choose(found, chosen) {
  const options = Object.entries(found).map(([name, told]) =>
    el("option", { value: name, selected: name === chosen }, told ? `${name} (${spoken(told.kinds[0].id)})` : name));
  fill($("column"), options);
  $("column").disabled = false;
}

async function answer(signal) {
  const name = $("column").value;
  columns[name] ??= await sent("/v1/profiles", { column: name, pictures: wide() }, file.body, file.type, signal);
  const known = columns[name];
  fit(known.kinds[0]?.id);
  if (state.example) remember({ column: name });
  const asked = { ...wishes(), column: name };
  const body = JSON.stringify({ profile: known.profile, ...wishes(), name, n: 6, pictures: wide() });
  const told = await sent("/v1/recommendations", {}, body, "application/json", signal);
  const question = { file: file.name, type: file.type, asked };
  answered($("answer"), told, rows);
  seen($("target"), known, told);
  coded($("code"), told.ranked[0], question);
  await shaped($("shapes"), told, known.readings, signal, (one, spec, code) => coded($("code"), { ...one, spec, code }, question));
}

// ── what comes in ───────────────────────────────────────────────────────────────────────────────────────────────────

async function example(name, column) {
  const body = await (await fetch(`/page/${name}.csv`)).blob();
  remember({ example: name, column });
  await take({ name: `${name}.csv`, body, type: "text/csv" });
}

const own = (given) => {
  remember({ example: null, column: null });
  return take(given);
};

// Where each word is digits, a comma and digits, the commas are decimal marks.
function pointed(text) {
  const words = text.split(/[\s;]+/);
  return words.length > 1 && words.every((word) => /^[-+]?\d+(,\d+)?$/.test(word)) ? text.replaceAll(",", ".") : text;
}

function pasted() {
  const read = (word) => word === "" ? null : Number.isFinite(Number(word)) ? Number(word) : word;
  const text = pointed($("pasted").value.trim());
  const words = text.split(/[\s,;]+/).map(read);
  const target = words.some((word) => typeof word === "string") ? text.split("\n").map((line) => read(line.trim())) : words;
  return own({ name: "pasted values", body: new Blob([JSON.stringify({ target })]), type: "application/json" });
}

files(own);
$("use").addEventListener("click", pasted);
const examples = [...document.querySelectorAll("[data-example]")];
for (const button of examples) {
  button.addEventListener("click", () => example(button.dataset.example, button.dataset.column));
}
$("ask").addEventListener("change", (event) => {
  if (["file", "pasted"].includes(event.target.id)) return;
  note();
  if (file) working(answer);
});

await opening(async () => {
  rows = await get("/v1/losses");
  await offer();
});
const wanted = examples.find((button) => button.dataset.example === state.example);
if (wanted) await example(state.example, state.column ?? wanted.dataset.column);
