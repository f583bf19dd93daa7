"use strict";
// Without this script the page shows everything; with it, the table sorts and filters.
(() => {
  const table = document.getElementById("checks");
  const rows = [...table.tBodies];
  const contents = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const text = document.getElementById("text");
  const controls = document.getElementById("controls");
  const order = new Intl.Collator("en", {numeric: true, sensitivity: "base"});

  const filter = () => {
    const words = text.value.toLowerCase().split(/\s+/);
    const state = controls.elements.state.value;
    let shown = 0;
    for (const row of rows) {
      const content = contents.get(row);
      row.hidden = (state && row.dataset.state !== state) || !words.every((word) => content.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    document.getElementById("shown").textContent = `${shown} of ${rows.length} shown`;
    document.getElementById("none").hidden = shown > 0;
  };

  const sort = (heading) => {
    const direction = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    // a cell may say by what it is sorted
    const key = (cell) => cell.dataset.sort ?? cell.textContent.trim();
    const keys = new Map(rows.map((row) => [row, key(row.rows[0].cells[heading.cellIndex])]));
    const missing = (value) => value === "-";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
    rows.sort((a, b) => {
      const [left, right] = [keys.get(a), keys.get(b)];
      // what is not known stands last, whichever way it goes
      return missing(left) - missing(right) || direction * compare(left, right);
    });
    table.append(...rows);
  };

  const compare = (left, right) => {
    const difference = Number(left) - Number(right);
    return Number.isNaN(difference) ? order.compare(left, right) : difference;
  };

  for (const heading of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sort(heading));
    heading.append(button);
  }
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("input", filter);
  controls.hidden = false;
  filter();
})();
