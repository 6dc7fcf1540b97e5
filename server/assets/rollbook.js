// What the pages do beyond HTML. Everything works without it.
(() => {
  "use strict";
  const body = document.body;

  // A page that stops being live must say so, rather than look quiet.
  const live = (on) => body.classList.toggle("not-live", !on);
  document.addEventListener("htmx:sse:after:connection", () => live(true));
  document.addEventListener("htmx:sse:error", () => live(false));
  document.addEventListener("htmx:sse:close", () => live(false));

  // An enrolment code is typed as it is read: letters, digits, a hyphen in the middle.
  for (const field of document.querySelectorAll("input[data-code]")) {
    field.addEventListener("input", () => {
      const plain = field.value.toUpperCase().replace(/[^A-Z0-9]/g, "").slice(0, 8);
      field.value = plain.length > 4 ? plain.slice(0, 4) + "-" + plain.slice(4) : plain;
    });
  }

  // One press, one act.
  document.addEventListener("submit", (event) => {
    for (const button of event.target.querySelectorAll("button:not([name])")) {
      setTimeout(() => { button.disabled = true; }, 0);
      setTimeout(() => { button.disabled = false; }, 8000);
    }
  });

  for (const button of document.querySelectorAll("button[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
