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

  // The menu closes when the eye has gone elsewhere.
  const menu = document.querySelector(".menu");
  if (menu) {
    document.addEventListener("click", (event) => { if (!menu.contains(event.target)) { menu.open = false; } });
    menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.open) { menu.open = false; menu.querySelector("summary").focus(); }
    });
  }

  // One press, one act.
  document.addEventListener("submit", (event) => {
    for (const button of event.target.querySelectorAll("button:not([name])")) {
      setTimeout(() => { button.disabled = true; }, 0);
      setTimeout(() => { button.disabled = false; }, 8000);
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
