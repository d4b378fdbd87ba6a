// What the losses cost and how they pull, for this column; a slider for each parameter moves its curve and the code.
import { Problem, get } from "./api.js";
import { el, fill, number, picture, room } from "./dom.js";

export async function shaped(section, told, readings, signal, recode) {
  const drawn = told.ranked.filter((one, i, all) => all.findIndex((other) => other.spec === one.spec) === i);
  const classes = Math.min(Math.max(told.ranked[0]?.layout.classes ?? 0, 2), 1000);
  const around = { at: readings.median ?? 0, sigma: readings.robust_sigma || readings.std || 1, classes };
  const specs = drawn.map((one) => one.spec); // as they stand now
  const draw = () => get("/v1/curves", { loss: specs, ...around, pictures: room(section, 2) });
  const shown = await draw().catch((error) => {
    if (!(error instanceof Problem)) throw error;
  });
  if (signal.aborted) return;
  if (!shown) return void (section.hidden = true);

  const figures = el("div", { class: "pair" });
  const show = (found) => fill(figures, picture(found.pictures.value), picture(found.pictures.gradient));
  const move = latest(async (one, spec) => {
    specs[drawn.indexOf(one)] = spec;
    const [found, { code }] = await Promise.all([draw(), get("/v1/code", { loss: spec, link: one.link, transform: one.transform, ...stands(one.layout) })]);
    show(found);
    recode(one, spec, code);
  });
  const controls = shown.curves.flatMap(({ loss, sliders }) => {
    const one = drawn.find(({ spec }) => spec === loss);
    const set = { ...(one.loss.loss ? one.loss : {}), loss: undefined };
    return sliders.map((slider) => control(one.id, slider, (value) => {
      set[slider.name] = value;
      move(one, written(one.id, set));
    }));
  });
  const reasons = [...new Set(shown.left_out.map((one) => one.reason))];
  const left = reasons.map((reason) => `Not shown, as ${reason}: ${shown.left_out.filter((one) => one.reason === reason).map((one) => one.loss).join(", ")}. `);
  show(shown);
  fill(section, el("h2", { id: "shapes-title" }, "What the losses cost, and how they pull"),
    figures, el("div", { class: "sliders" }, controls), left.length && el("p", { class: "quiet" }, left));
}

// How the target stands, in words of a query: no classes are all that there are.
const stands = ({ form, levels, classes }) => ({ form, classes, levels: levels?.length === 0 ? "*" : levels });

const written = (id, set) => {
  const pairs = Object.entries(set).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? `[${value}]` : value ?? "none"}`);
  return `${id}:${pairs}`;
};

function control(loss, { name, says, value, low, high, logs }, moved) {
  const to = logs ? Math.log : Number;
  const back = (x) => Number((logs ? Math.exp(x) : Number(x)).toPrecision(4));
  const id = `${loss}-${name}`;
  const shown = el("output", { for: id }, number(value));
  const input = el("input", { id, type: "range", min: to(low), max: to(high), step: (to(high) - to(low)) / 200, value: to(value), "aria-valuetext": number(value),
    input: () => {
      const at = back(input.value);
      shown.textContent = number(at);
      input.setAttribute("aria-valuetext", number(at));
      moved(at);
    } });
  return el("div", {}, el("label", { for: id }, el("code", {}, loss), " ", el("strong", {}, name), `: ${says}`), input, shown);
}

// Runs one call at a time; of those asked for meanwhile, only the last.
function latest(work) {
  let busy = false;
  let next = null;
  return async function run(...asked) {
    if (busy) return void (next = asked);
    busy = true;
    await work(...asked).catch((error) => {
      if (!(error instanceof Problem)) throw error;
    }).finally(() => { busy = false; });
    const waiting = next;
    next = null;
    if (waiting) run(...waiting);
  };
}
