// What is asked, kept in the address of the page: a link reopens the same view. Never any data.

export const state = Object.fromEntries(new URLSearchParams(location.search));

export function remember(changes) {
  for (const [name, value] of Object.entries(changes)) {
    if (value == null || value === "") delete state[name];
    else state[name] = String(value);
  }
  const words = String(new URLSearchParams(state));
  history.replaceState(null, "", words ? `?${words}` : location.pathname);
}
