// Drop a column, see the answer: what comes in, what is asked of the API, and who shows which part of the reply.
import { answered } from "./answer.js";
import { Problem, call, get, mediaOf } from "./api.js";
import { coded } from "./code.js";
import { $, bytes, el, fill, room } from "./dom.js";
import { shaped } from "./shapes.js";
import { remember, state } from "./state.js";
import { seen } from "./target.js";
import { fit, note, offer, wishes } from "./wishes.js";

const HEAD = 1 << 18; // bytes of a text from which the kinds of its columns are told

let file = null; // what was given: {name, body, type}
let columns = {}; // replies of the API by column, as far as they are known
let running = new AbortController();
let rows = []; // the catalogue

async function take(given) {
  file = given;
  columns = {};
  await working(async (signal) => {
    const whole = file.body.size <= HEAD || file.type !== "text/csv";
    const told = await look(whole ? file.body : await head(file.body), whole, signal);
    $("main").classList.add("given");
    $("hint").textContent = `${file.name}, ${bytes(file.body.size)}`;
    choose(told.columns, state.column in told.columns ? state.column : told.likely ?? Object.keys(told.columns)[0]);
    if (whole) columns = told.columns;
    await answer(signal);
  });
}

const sending = { pictures: () => room($("target")) };

async function look(body, whole, signal) {
  const asked = { pictures: sending.pictures() };
  const found = await upload("/v1/profiles", asked, body, signal, whole);
  return found.columns ? found : { columns: { [found.profile.name ?? "target"]: found }, likely: null };
}

async function upload(path, asked, body, signal, shown = true) {
  const total = body.size;
  const sent = (done) => {
    $("progress").hidden = false;
    $("bar").value = done / total;
    $("sent").textContent = done < total ? `${bytes(done)} of ${bytes(total)} sent` : "sent; the server is reading";
  };
  const { told } = await timed(call("POST", path, { asked, body, type: file.type, signal, sent: shown && total > 2e6 ? sent : null }));
  return told;
}

// The first rows of a large text, whole ones.
async function head(body) {
  const text = new Uint8Array(await body.slice(0, HEAD).arrayBuffer());
  return new Blob([text.slice(0, text.lastIndexOf(10) + 1)]);
}

function choose(found, chosen) {
  const options = Object.entries(found).map(([name, told]) =>
    el("option", { value: name, selected: name === chosen }, `${name} (${told.kinds[0]?.id.replaceAll("_", " ") ?? "no rows"})`));
  fill($("column"), options);
  $("column").disabled = false;
}

async function answer(signal) {
  const name = $("column").value;
  columns[name] ??= await upload("/v1/profiles", { column: name, pictures: sending.pictures() }, file.body, signal);
  const known = columns[name];
  fit(known.kinds[0]?.id);
  remember({ column: name });
  const body = JSON.stringify({ profile: known.profile, ...wishes(), name, n: 6, pictures: sending.pictures() });
  const { told } = await timed(call("POST", "/v1/recommendations", { body, signal }));
  const asked = { ...wishes(), column: name };
  answered($("answer"), told, rows);
  seen($("target"), known, told);
  coded($("code"), told.ranked[0], { file: file.name, type: file.type, asked });
  await shaped($("shapes"), told, known.readings, (text) => coded($("code"), { ...told.ranked[0], code: text }, { file: file.name, type: file.type, asked }));
}

// ── one thing at a time, with its state and its problems shown where they belong ────────────────────────────────────

let server = 0; // milliseconds that the server says it worked

async function timed(reply) {
  const found = await reply;
  server += found.took;
  return found;
}

async function working(work) {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const begun = performance.now();
  server = 0;
  complain(null);
  $("main").setAttribute("aria-busy", "true");
  $("status").textContent = "Reading…";
  try {
    await work(signal);
    const all = performance.now() - begun;
    $("status").textContent = `Answered in ${(all / 1000).toFixed(2)} s, ${(server / 1000).toFixed(2)} s of them on the server.`;
  } catch (error) {
    if (signal.aborted) return;
    $("status").textContent = error.name === "AbortError" ? "Cancelled." : "";
    if (error.name !== "AbortError") complain(error instanceof Problem ? error : { title: "This page failed", detail: String(error) });
    if (!(error instanceof Problem) && error.name !== "AbortError") console.error(error);
  } finally {
    if (signal === running.signal) {
      $("progress").hidden = true;
      $("main").removeAttribute("aria-busy");
    }
  }
}

const PLACES = { column: "column", target: "column", metric: "aim", goal: "aim", costs: "less", task: "task", framework: "trained", model: "trained" };

function complain(problem) {
  for (const input of document.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
  if (!problem) return $("problem").replaceChildren();
  const place = $(PLACES[problem.field]);
  place?.setAttribute("aria-invalid", "true");
  place?.setAttribute("aria-describedby", "problem");
  const link = problem.type?.startsWith("/problems/") ? el("a", { href: problem.type }, "What this means") : null;
  fill($("problem"), el("p", {}, el("strong", {}, problem.title), ". ", problem.detail, " ", link));
  for (const id of ["answer", "target", "shapes", "code"]) $(id).hidden = true;
}

// ── what comes in ───────────────────────────────────────────────────────────────────────────────────────────────────

const given = (found) => found && take({ name: found.name, body: found, type: mediaOf(found.name) });

async function example(name, column) {
  const { body } = { body: await (await fetch(`/page/${name}.csv`)).blob() };
  remember({ example: name, column });
  await take({ name: `${name}.csv`, body, type: "text/csv" });
}

function pasted() {
  const text = $("pasted").value.trim();
  const words = text.split(/[\s,;]+/);
  const cells = words.every((word) => word === "" || Number.isFinite(Number(word))) ? words : text.split(/\n/).map((line) => line.trim());
  const body = new Blob([JSON.stringify({ target: cells.map((cell) => (cell === "" ? null : Number.isFinite(Number(cell)) ? Number(cell) : cell)) })]);
  remember({ example: null, column: null });
  return take({ name: "pasted values", body, type: "application/json" });
}

$("file").addEventListener("change", () => {
  remember({ example: null });
  given($("file").files[0]);
});
$("use").addEventListener("click", pasted);
$("cancel").addEventListener("click", () => {
  running.abort();
  $("progress").hidden = true;
  $("status").textContent = "Cancelled.";
  $("main").removeAttribute("aria-busy");
});
for (const button of document.querySelectorAll("[data-example]")) {
  button.addEventListener("click", () => example(button.dataset.example, button.dataset.column));
}
for (const name of ["dragover", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", name === "dragover");
    if (name === "drop") {
      remember({ example: null });
      given(event.dataTransfer.files[0]);
    }
  });
}
document.addEventListener("dragleave", (event) => event.relatedTarget ?? $("drop").classList.remove("over"));
$("ask").addEventListener("submit", (event) => event.preventDefault());
$("ask").addEventListener("change", (event) => {
  if (["file", "pasted"].includes(event.target.id)) return;
  note();
  if (file) working(answer);
});

rows = await get("/v1/losses");
await offer();
if (state.example) await example(state.example, state.column);
