// What the pages do beyond HTML. Everything works without it.
(() => {
  "use strict";
  const body = document.body;

  const script = document.currentScript.src;

  // A page that stops being live must say so, and since when, rather than look quiet. A cable that was pulled says nothing: then
  // it is the silence that tells, for the server is heard every ten seconds.
  const SILENT = 25000;
  let heard = Date.now(), wire = null;
  const live = (on) => {
    if (on) { heard = Date.now(); }
    if (!on && !body.classList.contains("not-live")) {
      const since = new Date(heard).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
      for (const place of document.querySelectorAll("[data-since]")) { place.textContent = ` since ${since}`; }
    }
    body.classList.toggle("not-live", !on);
  };
  document.addEventListener("htmx:sse:before:connection", (event) => { wire = event.detail.connection; });
  document.addEventListener("htmx:sse:after:connection", () => live(true));
  document.addEventListener("htmx:sse:after:message", () => live(true));
  document.addEventListener("htmx:sse:error", () => live(false));
  document.addEventListener("htmx:sse:close", () => live(false));
  document.addEventListener("visibilitychange", () => { if (!body.classList.contains("not-live")) { heard = Date.now(); } });
  window.addEventListener("offline", () => { if (wire) { live(false); } });
  window.addEventListener("online", () => { wire?.delayCanceller?.(); });
  setInterval(() => {
    if (!wire || document.hidden || Date.now() - heard < SILENT) { return; }
    live(false);
    wire.reader?.cancel(); // it is connected anew
  }, 5000);

  // An enrolment code is typed as it is read: letters, digits, a hyphen in the middle.
  for (const field of document.querySelectorAll("input[data-code]")) {
    field.addEventListener("input", () => {
      const plain = field.value.toUpperCase().replace(/[^A-Z0-9]/g, "").slice(0, 8);
      field.value = plain.length > 4 ? plain.slice(0, 4) + "-" + plain.slice(4) : plain;
    });
  }

  // The menu closes when the eye has gone elsewhere.
  const menu = document.querySelector(".menu");
  if (menu) {
    document.addEventListener("click", (event) => { if (!menu.contains(event.target)) { menu.open = false; } });
    menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.open) { menu.open = false; menu.querySelector("summary").focus(); }
    });
  }

  // A form is sent when the server can be reached: otherwise what was typed stays where it is. One press, one act.
  const unreached = (form, on) => {
    form.querySelector(".unreached")?.remove();
    if (!on) { return; }
    const note = document.createElement("p");
    note.className = "note warn unreached";
    note.setAttribute("role", "alert");
    note.textContent = "The server cannot be reached, so nothing was saved. What you typed stays here: press again in a moment.";
    form.append(note);
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target, button = event.submitter;
    if (form.method === "post" && !form.dataset.reached) {
      event.preventDefault();
      if (form.dataset.asking) { return; }
      form.dataset.asking = "yes";
      try {
        await fetch(script, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(6000) });
        form.dataset.reached = "yes";
      } catch { /* said below */ }
      delete form.dataset.asking;
      unreached(form, !form.dataset.reached);
      if (form.dataset.reached) { form.requestSubmit(button); }
      return;
    }
    delete form.dataset.reached;
    for (const one of form.querySelectorAll("button:not([name])")) {
      setTimeout(() => { one.disabled = true; }, 0);
      setTimeout(() => { one.disabled = false; }, 8000);
    }
  });

  // A ledger is typed by keyboard alone: arrows and Enter move, Ctrl+D repeats the cell above.
  for (const table of document.querySelectorAll(".ledger table")) {
    for (const hint of document.querySelectorAll("[data-keys]")) { hint.hidden = false; }
    const at = (row, column) => table.rows[row]?.cells[column]?.querySelector("input");
    table.addEventListener("keydown", (event) => {
      const cell = event.target.closest("td");
      if (!cell || event.altKey || event.metaKey) { return; }
      const [row, column] = [cell.parentNode.rowIndex, cell.cellIndex];
      const down = event.ctrlKey && event.key.toLowerCase() === "d";
      if (down) {
        const above = at(row - 1, column);
        if (above) { event.target.value = above.value || above.placeholder; }
        event.preventDefault();
      }
      if (event.ctrlKey && !down) { return; }
      const edge = (end) => event.target.selectionStart === event.target.selectionEnd
        && event.target.selectionStart === (end ? event.target.value.length : 0);
      const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], Enter: [1, 0], d: [1, 0], D: [1, 0] };
      let step = down || event.key.startsWith("Arrow") || event.key === "Enter" ? steps[event.key] : null;
      if (event.key === "ArrowLeft" && edge(false)) { step = [0, -1]; }
      if (event.key === "ArrowRight" && edge(true)) { step = [0, 1]; }
      if (!step) { return; }
      event.preventDefault(); // Enter in a cell saves nothing by itself
      let [r, c] = [row + step[0], column + step[1]];
      while (table.rows[r]?.cells[c] && !at(r, c)) { r += step[0]; c += step[1]; }
      at(r, c)?.focus();
    });
  }

  // "Mark the rest here": every row of a paper list that says nothing yet.
  for (const button of document.querySelectorAll("button[data-rest]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      for (const row of document.querySelectorAll(".taking")) {
        if (!row.querySelector("input[type=radio]:checked")) {
          row.querySelector(`input[value="${button.dataset.rest}"]`).checked = true;
        }
      }
    });
  }

  for (const button of document.querySelectorAll("button[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
