// Code to paste: one tab a framework, and the same question in Python, in a shell and over HTTP.
import { query } from "./api.js";
import { el, fill, short } from "./dom.js";
import { remember, state } from "./state.js";

export function coded(section, best, question) {
  if (!best) return void (section.hidden = true);
  const texts = { ...best.code, Python: inPython(question), CLI: inShell(question), HTTP: overHTTP(question) };
  const asked = question.asked.framework;
  const names = Object.keys(texts);
  const chosen = names.includes(state.tab) ? state.tab : names.includes(asked) ? asked : names[0];
  const shown = el("code");
  const told = el("span", { role: "status" });
  const panel = el("div", { id: "code-panel", role: "tabpanel", "aria-labelledby": `tab-${chosen}` },
    el("pre", { tabindex: "0" }, shown), el("button", { type: "button", class: "copy", click: () => copy(shown, told) }, "Copy"), told);
  const tabs = names.map((name) => el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "code-panel", click: () => choose(name, true) }, name));
  const choose = (name, kept) => {
    for (const tab of tabs) {
      const on = tab.textContent === name;
      tab.setAttribute("aria-selected", on);
      tab.tabIndex = on ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    shown.textContent = texts[name].trimEnd();
    told.textContent = "";
    if (kept) remember({ tab: name });
  };
  const list = el("div", { role: "tablist", "aria-label": "Code for", keydown: (event) => walk(event, tabs) }, tabs);
  choose(chosen, false);
  fill(section, el("h2", { id: "code-title" }, "Code to paste"), el("p", {}, "It trains with ", el("code", {}, best.transform ? `${best.spec} on ${best.transform}(y)` : short(best.spec)), "."), list, panel);
}

function walk(event, tabs) {
  const at = tabs.indexOf(document.activeElement);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const next = tabs.at(to % tabs.length);
  next.focus();
  next.click();
}

async function copy(shown, told) {
  try {
    await navigator.clipboard.writeText(shown.textContent);
    told.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(shown);
    told.textContent = "Selected: press Ctrl+C";
  }
}

// ── the same question elsewhere ─────────────────────────────────────────────────────────────────────────────────────

const shell = (text) => /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
const literal = (value) => typeof value === "object" ? `{${Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}: ${v}`).join(", ")}}` : JSON.stringify(value);

const inPython = ({ file, asked: { column, ...rest } }) => {
  const words = Object.entries(rest).map(([name, value]) => `, ${name}=${literal(value)}`).join("");
  return `import losses\n\ntarget = losses.profile(${JSON.stringify(file)}, column=${JSON.stringify(column)})\nadvice = losses.recommend(target${words})\nprint(advice)\nmodel_loss = advice.best.loss`;
};

const inShell = ({ file, asked: { column, costs = {}, ...rest } }) => {
  const words = [...Object.entries({ column, ...rest }).map(([name, value]) => `--${name} ${shell(value)}`), ...Object.entries(costs).map(([name, value]) => `--cost ${name}=${value}`)];
  return `losses recommend ${shell(file)} ${words.join(" ")}`;
};

const overHTTP = ({ file, type, asked: { costs = {}, ...rest } }) => {
  const flat = { ...rest, ...Object.fromEntries(Object.entries(costs).map(([name, value]) => [`costs.${name}`, value])) };
  return `curl ${shell(`${location.origin}/v1/recommendations?${query(flat)}`)} \\\n  -H 'Content-Type: ${type}' \\\n  --data-binary ${shell(`@${file}`)}`;
};
