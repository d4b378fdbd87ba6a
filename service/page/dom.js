// Elements, numbers and words. Text becomes elements in one place only: pictures, which this server drew.

export const $ = (id) => document.getElementById(id);

export function el(name, attributes = {}, ...children) {
  const found = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") found.addEventListener(key, value);
    else if (value === true) found.setAttribute(key, "");
    else if (value !== false && value != null) found.setAttribute(key, value);
  }
  found.append(...children.flat(2).filter(Boolean));
  return found;
}

export function fill(node, ...children) {
  node.replaceChildren(...children.flat(2).filter(Boolean));
  node.hidden = false;
}

export const spoken = (name) => String(name).replaceAll("_", " ");
// A spec in one line: a long list of numbers is only counted.
export const short = (spec) => spec.replace(/\[[^\]]{40,}\]/g, (list) => `[${list.split(",").length} numbers]`);
export const percent = (share) => `${(100 * share).toFixed(share < 0.1 && share > 0 ? 1 : 0)}%`;

export function number(x, digits = 4) {
  const small = x !== 0 && Math.abs(x) < 0.001;
  return x == null ? "" : small ? x.toExponential(2) : x.toLocaleString("en", { maximumSignificantDigits: digits });
}

export function bytes(count) {
  return count < 1e6 ? `${Math.ceil(count / 1e3)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

const trusted = globalThis.trustedTypes?.createPolicy("pictures", { createHTML: (svg) => svg });

export function picture(svg, ...caption) {
  if (!svg) return null;
  const parsed = new DOMParser().parseFromString(trusted ? trusted.createHTML(svg) : svg, "image/svg+xml");
  return el("figure", {}, document.importNode(parsed.documentElement, true), caption.length && el("figcaption", {}, caption));
}

// How wide a picture may be where it will stand; asked of the server, so that its letters are as large as the page's.
export const room = (node, columns = 1) => {
  const whole = node.parentElement.clientWidth - 32; // without the padding
  return Math.round(Math.max(260, columns > 1 && whole > 640 ? (whole - 32) / columns : whole));
};

export function table(caption, heads, rows) {
  const head = el("tr", {}, heads.map((name) => el("th", { scope: "col" }, name)));
  const body = rows.map(([first, ...rest]) => el("tr", {}, el("th", { scope: "row" }, first), rest.map((cell, i) => el("td", { "data-head": heads[i + 1] }, cell))));
  const whole = el("table", {}, el("caption", { class: "unseen" }, caption), el("thead", {}, head), el("tbody", {}, body));
  return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption }, whole);
}

export function notices(rows) {
  const told = rows.map((row) => el("li", { class: row.severity ?? "warning" },
    el("a", { href: `/warnings/${encodeURIComponent(row.code)}` }, row.code), " ", row.message));
  return told.length ? el("ul", { class: "notices" }, told) : null;
}
