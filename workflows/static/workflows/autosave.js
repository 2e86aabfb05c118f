/* Says whether what is typed into the sheet has been saved, and tries again. Saving itself is htmx's; what is right or
   missing only the server knows. */
"use strict";

(() => {
  const form = document.getElementById("sheet");
  const warning = document.getElementById("unsaved");
  let typed = 0; // changes so far
  let sent = 0; // of those, the ones in the request under way
  let kept = 0; // of those, the ones that the server has
  let busy = false;
  let leaving = false;
  let pressed = null; // the button to press once the request under way is over

  const isKept = () => kept === typed && !form.querySelector("[data-unkept]");

  const save = () => htmx.trigger(form, "autosave");

  const retry = () => {
    if (kept !== typed && !busy) save();
  };

  const warn = (reason) => {
    warning.hidden = !reason;
    for (const text of warning.querySelectorAll("[data-when]")) text.hidden = text.dataset.when !== reason;
  };

  const reasonFor = (status) => {
    if (status === 409) return ""; // says itself who was first
    if (status === 401) return "ended";
    return status === 0 || status >= 500 ? "away" : "refused";
  };

  form.addEventListener("input", (event) => {
    typed += 1;
    event.target.removeAttribute("aria-invalid");
  });

  form.addEventListener("htmx:configRequest", (event) => {
    // Logging in again has changed it since the page was made.
    const token = document.cookie.match(/csrftoken=([^;]+)/);
    if (token) event.detail.headers["X-CSRFToken"] = token[1];
  });

  form.addEventListener("htmx:beforeRequest", () => {
    busy = true;
    sent = typed;
  });

  form.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 409) event.detail.shouldSwap = true;
  });

  form.addEventListener("htmx:afterRequest", (event) => {
    busy = false;
    if (event.detail.successful) kept = sent;
    warn(event.detail.successful ? "" : reasonFor(event.detail.xhr.status));
    if (pressed) form.requestSubmit(pressed);
    pressed = null;
  });

  form.addEventListener("submit", (event) => {
    if (event.submitter && "enter" in event.submitter.dataset && form.hasAttribute("hx-post")) {
      event.preventDefault();
      save();
    } else if (busy) {
      event.preventDefault();
      pressed = event.submitter;
    } else {
      leaving = true;
    }
  });

  window.addEventListener("beforeunload", (event) => {
    if (!leaving && !isKept()) event.preventDefault();
  });
  window.addEventListener("pageshow", () => {
    leaving = false;
  });
  window.addEventListener("online", retry);
  window.addEventListener("focus", retry);
  document.addEventListener("visibilitychange", retry);
})();
