// What the losses cost and how they pull, for this column; a slider for each parameter moves curve and code.
import { Problem, get } from "./api.js";
import { el, fill, number, picture, room } from "./dom.js";

export async function shaped(section, told, readings, recode) {
  const unique = told.ranked.filter((one, i, all) => all.findIndex((other) => other.spec === one.spec) === i).slice(0, 4);
  const figures = el("div", { class: "pair" });
  const controls = el("div", { class: "sliders" });
  const [best, ...others] = unique;
  const around = { at: readings.median ?? 0, sigma: readings.robust_sigma || readings.std || 1 };
  const draw = (spec) => get("/v1/curves", { loss: [spec, ...others.map((one) => one.spec)], ...around, pictures: room(section, 2) });
  let shown = null;
  try {
    shown = best && await draw(best.spec);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
  if (!shown) return void (section.hidden = true);

  const show = (found) => fill(figures, picture(found.pictures.value), picture(found.pictures.gradient));
  const set = { ...(typeof best.loss === "object" ? best.loss : {}) };
  delete set.loss;
  const move = latest(async () => {
    const spec = written(best.id, set);
    const asked = { loss: spec, link: best.link, transform: best.transform };
    const [found, code] = await Promise.all([draw(spec), get("/v1/code", asked)]);
    show(found);
    recode(code.code);
  });
  const first = shown.curves[0].loss === best.spec;
  fill(controls, first ? shown.sliders.map((slider) => control(slider, (value) => {
    set[slider.name] = value;
    move();
  })) : []);
  const left = shown.left_out.map((one) => `${one.loss} is not shown: ${one.reason}. `);
  show(shown);
  fill(section, el("h2", { id: "shapes-title" }, "What the losses cost, and how they pull"),
    controls, figures, left.length && el("p", { class: "quiet" }, left));
}

const written = (id, set) => {
  const pairs = Object.entries(set).map(([name, value]) => `${name}=${Array.isArray(value) ? `[${value}]` : value ?? "none"}`);
  return pairs.length ? `${id}:${pairs}` : id;
};

function control({ name, says, value, low, high, logs }, moved) {
  const to = logs ? Math.log : Number;
  const back = (x) => Number((logs ? Math.exp(x) : Number(x)).toPrecision(4));
  const id = `slider-${name}`;
  const shown = el("output", { for: id }, number(value));
  const input = el("input", { id, type: "range", min: to(low), max: to(high), step: (to(high) - to(low)) / 200, value: to(value), "aria-valuetext": number(value),
    input: () => {
      const at = back(input.value);
      shown.textContent = number(at);
      input.setAttribute("aria-valuetext", number(at));
      moved(at);
    } });
  return el("div", {}, el("label", { for: id }, el("strong", {}, name), `, ${says}`), input, shown);
}

// Runs one call at a time; of those asked for meanwhile, only the last.
function latest(work) {
  let busy = false;
  let again = false;
  return async function run() {
    again = busy;
    if (busy) return;
    busy = true;
    await work().catch((error) => {
      if (!(error instanceof Problem)) throw error;
    });
    busy = false;
    if (again) run();
  };
}
