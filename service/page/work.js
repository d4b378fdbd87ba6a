// One piece of work at a time: its progress, its end, and its problems where they belong. And where files come in.
import { Problem, call, mediaOf } from "./api.js";
import { $, bytes, el, fill } from "./dom.js";

let running = new AbortController();
let server = 0; // milliseconds that the server says it worked

export async function working(work) {
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
    if (signal.aborted) return;
    const all = performance.now() - begun;
    $("status").textContent = `Answered in ${(all / 1000).toFixed(2)} s, ${(server / 1000).toFixed(2)} s of them on the server.`;
  } catch (error) {
    if (signal.aborted) return;
    $("status").textContent = "";
    complain(error instanceof Problem ? error : { title: "This page failed", detail: String(error) });
    if (!(error instanceof Problem)) console.error(error);
  } finally {
    if (signal === running.signal) rest();
  }
}

// What a page needs before anything is asked of it.
export const opening = (work) => work().catch((error) => {
  if (!(error instanceof Problem)) throw error;
  complain(error);
});

function rest() {
  $("progress").hidden = true;
  $("main").removeAttribute("aria-busy");
}

// One call of the API, of a body that may be long on its way.
export async function sent(path, asked, body, type, signal) {
  const total = body?.size ?? 0;
  const shown = (done) => {
    $("progress").hidden = false;
    $("bar").value = done / total;
    $("sent").textContent = done < total ? `${bytes(done)} of ${bytes(total)} sent` : "sent; the server is reading";
  };
  const { told, took } = await call("POST", path, { asked, body, type, signal, sent: total > 2e6 ? shown : null });
  server += took;
  signal.throwIfAborted();
  return told;
}

const PLACES = {
  column: "column", target: "column", metric: "aim", goal: "aim", costs: "less", task: "task", framework: "trained", model: "trained",
  truth: "truth", weight: "weight", missing: "missing", loss: "losses", losses: "losses",
};

export function complain(problem) {
  for (const input of document.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
  $("problem").replaceChildren();
  if (!problem) return;
  const place = $(PLACES[problem.field]);
  place?.setAttribute("aria-invalid", "true");
  place?.setAttribute("aria-describedby", "problem");
  const link = problem.type?.startsWith("/problems/") ? el("a", { href: problem.type }, "What this means") : null;
  fill($("problem"), el("p", {}, el("strong", {}, problem.title), ". ", problem.detail, " ", link));
  for (const section of document.querySelectorAll("section")) section.hidden = true;
}

// Tells `take` of every file that is dropped or chosen.
export function files(take) {
  const given = (found) => found && take({ name: found.name, body: found, type: mediaOf(found.name) });
  $("file").addEventListener("change", () => given($("file").files[0]));
  for (const name of ["dragover", "drop"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      $("drop").classList.toggle("over", name === "dragover");
      if (name === "drop") given(event.dataTransfer.files[0]);
    });
  }
  document.addEventListener("dragleave", (event) => event.relatedTarget ?? $("drop").classList.remove("over"));
  $("cancel").addEventListener("click", () => {
    running.abort();
    rest();
    $("status").textContent = "Cancelled.";
  });
  $("ask").addEventListener("submit", (event) => event.preventDefault());
}

export function named(file) {
  document.documentElement.classList.add("given");
  $("hint").textContent = `${file.name}, ${bytes(file.body.size)}`;
}
