// A part of a page that renews itself ([data-live], by htmx) waits while nobody looks at it, and while something in it
// is ticked or typed; and whatever else than the part comes back, such as the log-in page, does not take its place.
(() => {
  const busy = (part) => part.querySelector("input:checked") !== null || part.querySelector(":focus:is(input, button)") !== null;
  const live = (event) => event.target.closest("[data-live]");

  document.addEventListener("htmx:beforeRequest", (event) => {
    const part = live(event);
    if (part && (document.hidden || busy(part))) event.preventDefault();
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    const part = live(event);
    if (part && (busy(part) || !event.detail.serverResponse.includes(`id="${part.id}"`))) event.detail.shouldSwap = false;
  });
})();
