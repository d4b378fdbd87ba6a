// Before the first paint: where a link names what to show, the way in is short from the start.
if (new URLSearchParams(location.search).has("example")) document.documentElement.classList.add("given");
