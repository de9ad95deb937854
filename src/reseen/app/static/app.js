// Drop and paste pictures, see them before they are sent, and follow jobs. Everything works without this, a click slower.
"use strict";

function show(input) {
  const preview = input.parentElement.querySelector(".preview");
  preview.replaceChildren();
  for (const file of Array.from(input.files).slice(0, 12)) {
    if (!file.type.startsWith("image/")) continue;
    const image = document.createElement("img");
    image.alt = file.name;
    image.width = 48;
    image.height = 96;
    image.src = URL.createObjectURL(file);
    image.onload = () => URL.revokeObjectURL(image.src);
    preview.append(image);
  }
  if (input.files.length > 12) preview.append(` and ${input.files.length - 12} more`);
}

function add(input, files) {
  const all = new DataTransfer();
  for (const file of [...input.files, ...files]) all.items.add(file);
  input.files = all.files;
  show(input);
}

for (const area of document.querySelectorAll("[data-drop]")) {
  const input = area.querySelector("input[type=file]");
  input.addEventListener("change", () => show(input));
  for (const name of ["dragenter", "dragover"]) {
    area.addEventListener(name, (event) => { event.preventDefault(); area.classList.add("over"); });
  }
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    add(input, event.dataTransfer.files);
  });
}

document.addEventListener("paste", (event) => {
  const input = document.querySelector("#picture, #file");
  const files = event.clipboardData ? event.clipboardData.files : [];
  if (input && files.length) { event.preventDefault(); add(input, files); }
});

// A job tells how far it has come until it is over; then its whole entry is fetched once more.
function follow(entry) {
  const source = new EventSource(entry.dataset.events);
  source.onmessage = (event) => {
    const job = JSON.parse(event.data);
    entry.querySelector("progress").max = job.total || 1;
    entry.querySelector("progress").value = job.done;
    const over = ["done", "cancelled", "failed"].includes(job.state);
    const left = job.seconds_left === null ? "" : `, ${Math.max(1, Math.round(job.seconds_left))} s left`;
    entry.querySelector(".state").textContent = `${job.state}: ${job.done} of ${job.total}${left}`;
    if (over) {
      source.close();
      htmx.ajax("GET", entry.dataset.refresh, {target: entry, swap: "outerHTML"});
    }
  };
}
document.querySelectorAll("[data-events]").forEach(follow);
