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
  if (input.files.length > 12) preview.append(` and ${(input.files.length - 12).toLocaleString("en-US")} more`);
  const most = Number(input.dataset.most), sent = input.files.length.toLocaleString("en-US");
  input.setCustomValidity(
    input.files.length > most ? `${sent} files are more than ${input.dataset.most}: ${input.dataset.remedy}` : "");
  if (input.files.length > most) input.reportValidity();
}

function add(input, files) {
  const all = new DataTransfer();
  for (const file of [...input.files, ...files]) all.items.add(file);
  input.files = all.files;
  show(input);
}

// A folder that is dropped is walked through; what lies in it beside pictures is left out.
async function dropped(input, data) {
  const entries = Array.from(data.items, (item) => item.webkitGetAsEntry?.());
  if (!entries.some((entry) => entry?.isDirectory)) return Array.from(data.files);
  const files = [];
  for (const entry of entries) if (entry) await walk(entry, files);
  return files.filter((file) => input.accept.split(",").some((kind) =>
    kind.startsWith(".") ? file.name.toLowerCase().endsWith(kind) : file.type.startsWith(kind.replace("*", ""))));
}

async function walk(entry, files) {
  if (entry.isFile) {
    files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    return;
  }
  const reader = entry.createReader();
  const some = () => new Promise((resolve, reject) => reader.readEntries(resolve, reject));
  for (let found = await some(); found.length; found = await some()) {  // a hundred at a time
    for (const each of found) await walk(each, files);
  }
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
    dropped(input, event.dataTransfer).then((files) => add(input, files));
  });
}

document.addEventListener("paste", (event) => {
  const input = document.querySelector("#picture, #file");
  const files = event.clipboardData ? event.clipboardData.files : [];
  if (input && files.length) { event.preventDefault(); add(input, files); }
});

// On a narrow screen the pages' names are wider than it. (scrollIntoView would let the tab key begin behind this one.)
const current = document.querySelector("nav [aria-current]");
if (current) {
  const [link, nav] = [current, current.parentElement].map((each) => each.getBoundingClientRect());
  current.parentElement.scrollLeft += link.left - nav.left - (nav.width - link.width) / 2;
}

// What was unfolded stays so when counts are fetched anew.
document.addEventListener("htmx:beforeSwap", (event) => {
  const target = event.detail.target;
  const open = [...target.querySelectorAll("details[open]")].map((each) => each.id);
  const shut = [...target.querySelectorAll("details:not([open])")].map((each) => each.id);
  target.addEventListener("htmx:afterSwap", () => {
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    for (const id of shut) document.getElementById(id)?.removeAttribute("open");
  }, {once: true});
});

// A camera on the plan is its box in the list; where the plan is being made, it can be dragged.
document.addEventListener("click", (event) => {
  const spot = event.target.closest(".plan:not(.movable) [data-camera]");
  if (spot) document.getElementById(`camera-${spot.dataset.camera}`).click();
});

for (const plan of document.querySelectorAll(".plan.movable")) {
  const box = plan.viewBox.baseVal;
  let moved = null;
  plan.addEventListener("pointerdown", (event) => {
    moved = event.target.closest("[data-camera]");
    if (moved) plan.setPointerCapture(event.pointerId);
  });
  plan.addEventListener("pointermove", (event) => {
    if (!moved) return;
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(plan.getScreenCTM().inverse());
    const x = Math.min(Math.max(at.x, 0), box.width), y = Math.min(Math.max(at.y, 0), box.height);
    moved.setAttribute("transform", `translate(${x} ${y})`);
    for (const [axis, share] of [["x", x / box.width], ["y", y / box.height]]) {
      document.querySelector(`[name="${axis}.${moved.dataset.camera}"]`).value = (100 * share).toFixed(1);
    }
  });
  for (const name of ["pointerup", "pointercancel"]) plan.addEventListener(name, () => { moved = null; });
}

// A job tells how far it has come until it is over; then its whole entry is fetched once more.
function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

// A browser has six connections for one server, so only some are followed, the oldest first: they are done first too.
const FOLLOWED = 3;
const followed = new Set();
let open = 0;

function followSome() {
  for (const entry of [...document.querySelectorAll("[data-events]")].reverse()) {
    if (open < FOLLOWED && !followed.has(entry.id)) follow(entry.id, entry.dataset.events, entry.dataset.refresh);
  }
}

function follow(id, events, refresh) {
  const source = new EventSource(events);
  followed.add(id);
  open += 1;
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) { open -= 1; followSome(); }
  };
  source.onmessage = (event) => {
    const entry = document.getElementById(id);  // each time: what Cancel answers takes its place
    const job = JSON.parse(event.data);
    entry.querySelector("progress").max = job.total || 1;
    entry.querySelector("progress").value = job.done;
    const over = ["done", "cancelled", "failed"].includes(job.state);
    const left = job.seconds_left === null ? "" : `, ${duration(job.seconds_left)} left`;
    const [done, total] = [job.done, job.total].map((count) => count.toLocaleString("en-US"));
    entry.querySelector(".state").textContent = job.total ? `${job.state}: ${done} of ${total}${left}` : job.state;
    if (over) {
      source.close();
      open -= 1;
      // Of several requests by one source at once, htmx drops all but the first and the last.
      htmx.ajax("GET", refresh, {source: entry, target: entry, swap: "outerHTML"});
      followSome();
    }
  };
}
followSome();
