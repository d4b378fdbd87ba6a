// Searches and sifts the table of losses; what is asked stands in the address.
import { $ } from "./dom.js";
import { remember, state } from "./state.js";

const controls = [...$("sieve").elements];
const rows = [...$("losses").tBodies[0].rows];

const passes = (row, { name, value }) => !value || (name === "words"
  ? value.toLowerCase().split(/\s+/).every((word) => `${row.textContent} ${row.dataset.words}`.toLowerCase().includes(word))
  : row.dataset[name].split("|").includes(value));

function sift() {
  for (const row of rows) row.hidden = !controls.every((control) => passes(row, control));
  const left = rows.filter((row) => !row.hidden).length;
  $("left").textContent = left === rows.length ? "" : `${left} of ${rows.length} losses`;
}

for (const control of controls) {
  control.value = state[control.name] ?? "";
  control.addEventListener("input", () => {
    remember({ [control.name]: control.value });
    sift();
  });
}
$("sieve").addEventListener("submit", (event) => event.preventDefault());
sift();
