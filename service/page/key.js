// Asks for the key of a service that wants one.
import { $, el } from "./dom.js";

export function unlocked(again) {
  return new Promise((resolve) => {
    const input = el("input", { id: "key", type: "password", autocomplete: "off", required: true });
    const form = el("form", { class: "key", submit: (event) => {
      event.preventDefault();
      form.remove();
      resolve(input.value);
    } },
    el("label", { for: "key" }, again ? "That is not a key of this service. Its key" : "This service wants a key"), input,
    el("button", {}, "Go on"));
    $("status").after(form);
    input.focus();
  });
}
