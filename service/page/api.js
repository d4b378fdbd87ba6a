// Calls of the API of this origin: data raw as it came, problems as they are told.

import { unlocked } from "./key.js";

export class Problem extends Error {
  constructor(told) {
    super(told.detail);
    Object.assign(this, told);
  }
}

export const query = (pairs) => {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(pairs)) {
    for (const one of [value].flat()) if (one != null && one !== "") found.append(name, one);
  }
  return String(found);
};

const CUT = { title: "The server did not answer", detail: "The connection broke off. Is the server still running?" };
const ODD = { title: "Something else answered", detail: "What came back is not from this service; a proxy may stand between." };

let key = ""; // in memory only, gone with the page
let asking = null;

// The reply of one call, and the milliseconds that the server says it took. `sent` is told how much is uploaded.
// Where the service wants a key, the person is asked for it, and the call made again.
export async function call(...asked) {
  try {
    return await once(...asked);
  } catch (error) {
    if (error.status !== 401) throw error;
    asking ??= unlocked(Boolean(key)).finally(() => { asking = null; });
    key = await asking;
    return call(...asked);
  }
}

function once(method, path, { asked = {}, body = null, type = "application/json", signal, sent } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const words = query(asked);
    request.open(method, words ? `${path}?${words}` : path);
    request.setRequestHeader("Accept", "application/json");
    if (key) request.setRequestHeader("Authorization", `Bearer ${key}`);
    if (body != null) request.setRequestHeader("Content-Type", type);
    if (sent) request.upload.onprogress = (event) => sent(event.loaded, event.total);
    request.onload = () => {
      const told = read(request.responseText);
      if (request.status < 400 && told) resolve({ told, took: duration(request) });
      else reject(new Problem(told?.detail ? told : ODD));
    };
    request.onerror = () => reject(new Problem(CUT));
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const duration = (request) => Number(/dur=([\d.]+)/.exec(request.getResponseHeader("Server-Timing") ?? "")?.[1] ?? 0);

export const get = async (path, asked) => (await call("GET", path, { asked })).told;

const MEDIA = {
  csv: "text/csv", parquet: "application/vnd.apache.parquet", arrow: "application/vnd.apache.arrow.stream",
  npy: "application/x-npy", npz: "application/x-npz",
};
export const mediaOf = (name) => MEDIA[name.split(".").pop().toLowerCase()] ?? "text/csv";
