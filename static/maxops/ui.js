/* Small comforts for pages that work without them: ageing times, menus, copy buttons, fields that depend on others,
   labels for phone cards, and a guard against pressing twice. No library but htmx, no eval, no inline handlers. */
"use strict";

/* --- htmx: Django's CSRF token with every request that changes something ------------------------------------ */
function csrfToken() {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  const field = document.querySelector("input[name=csrfmiddlewaretoken]");
  return cookie ? decodeURIComponent(cookie[1]) : field ? field.value : "";
}

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = csrfToken();
});

/* --- ages: <time datetime data-age> ticks; data-fresh="seconds" turns it amber, then grey -------------------- */
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [0, "s"]];

/* Ages are counted by the server's clock, learned from the answers to polls: desk computers are minutes wrong. */
let clockOffset = 0;

document.addEventListener("htmx:afterRequest", (event) => {
  const told = Date.parse(event.detail.xhr.getResponseHeader("Date"));
  const offset = told - Date.now();
  if (!Number.isNaN(told)) clockOffset = Math.abs(offset) > 2500 ? offset : 0;
});

function describeAge(seconds) {
  const [size, unit] = UNITS.find(([least]) => seconds >= least);
  return `${Math.floor(seconds / Math.max(size, 1))} ${unit} ago`;
}

function tickAges() {
  const now = Date.now() + clockOffset;
  for (const element of document.querySelectorAll("time[data-age]")) {
    const seconds = Math.max(0, (now - Date.parse(element.dateTime)) / 1000);
    if (Number.isNaN(seconds)) continue;
    const text = describeAge(seconds);
    if (element.textContent !== text) element.textContent = text;
  }
  for (const element of document.querySelectorAll("[data-read-at]")) {
    const seconds = (now - Date.parse(element.dataset.readAt)) / 1000;
    const interval = Number(element.dataset.interval) || 15;
    element.dataset.freshness = seconds > 6 * interval ? "stale" : seconds > 3 * interval ? "ageing" : "fresh";
  }
  for (const element of document.querySelectorAll("[data-due-at]")) {
    const seconds = Math.ceil((Date.parse(element.dataset.dueAt) - now) / 1000);
    element.textContent = seconds > 0 ? `next in ${seconds} s` : "next one due";
  }
}

/* --- menus and the side navigation ---------------------------------------------------------------------------- */
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false;
  const side = document.getElementById("side");
  if (side && side !== except) side.classList.remove("open");
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-nav]");
  if (opener) {
    event.preventDefault();
    const open = document.getElementById("side").classList.toggle("open");
    opener.setAttribute("aria-expanded", String(open));
    if (open) document.querySelector("#side a").focus();
    return;
  }
  closeMenus(event.target.closest("details.menu, #side"));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest("details.menu[open]");
  if (menu) menu.querySelector("summary").focus();
  if (event.target.closest("#side.open")) document.querySelector("[data-nav]").focus();
  closeMenus(null);
});

/* --- copy buttons: data-copy="#id of what to copy" --------------------------------------------------------------- */
function readForCopy(source) {
  return (source.value === undefined ? source.textContent : source.value).trim();
}

async function copyFrom(button) {
  const source = document.querySelector(button.dataset.copy);
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(readForCopy(source));
    button.textContent = "Copied";
    button.classList.add("done");
  } catch {
    /* No clipboard over plain http: mark the text, Ctrl-C does the rest. */
    getSelection().selectAllChildren(source);
    button.textContent = "Press Ctrl+C";
  }
  setTimeout(() => { button.textContent = label; button.classList.remove("done"); }, 2500);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copyFrom(button);
});

/* --- fields that matter only while others say so: data-show-when='{"field": ["value", ...]}' ------------------------ */
function valueOf(name) {
  const inputs = [...document.getElementsByName(name)];
  if (!inputs.length) return undefined;
  if (inputs[0].type === "radio") return (inputs.find((input) => input.checked) || {}).value;
  return inputs[0].type === "checkbox" ? inputs[0].checked : inputs[0].value;
}

function showFields() {
  for (const element of document.querySelectorAll("[data-show-when]")) {
    const rules = Object.entries(JSON.parse(element.dataset.showWhen));
    const wanted = rules.every(([name, values]) => valueOf(name) === undefined || values.includes(valueOf(name)));
    const box = element.closest(".fieldBox, .form-row, .mb-3, [data-field]") || element;
    box.hidden = !wanted;
  }
}

document.addEventListener("change", showFields);

/* --- a changed form is not left without a word ------------------------------------------------------------------------------ */
let changedForm = null;

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form && form.matches(".change-form #content-main > form[id$=_form]")) changedForm = form;
});

addEventListener("submit", (event) => {
  if (event.target !== changedForm || event.defaultPrevented) return;
  changedForm = null;
  /* A log-in in another tab has renewed the token since this page was drawn. */
  event.target.elements.csrfmiddlewaretoken.value = csrfToken();
});
addEventListener("beforeunload", (event) => {
  if (!changedForm) return;
  event.preventDefault();
  /* Reached only by those who stay: the button they pressed is theirs to press again. */
  setTimeout(freeButtons);
});

/* The session has ended under a changed form: what was typed stays, and a new tab can log in. */
function tellEnded(loginPage) {
  if (document.getElementById("session-ended")) return;
  const note = document.createElement("p");
  const link = document.createElement("a");
  note.id = "session-ended";
  note.className = "errornote";
  note.setAttribute("role", "alert");
  link.href = loginPage;
  link.target = "_blank";
  link.textContent = "Log in again in a new tab";
  note.append("Your session has ended and nothing here is saved yet. ", link, ", then come back and save.");
  changedForm.before(note);
  note.scrollIntoView({ block: "nearest" });
}

/* --- pressing twice: a form is sent once until the page is shown again ------------------------------------------------ */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.busy) { event.preventDefault(); return; }
  form.dataset.busy = "1";
  /* After the browser has read the form: a disabled button would not send its own name. */
  setTimeout(() => {
    if (event.defaultPrevented) { delete form.dataset.busy; return; }
    for (const button of form.querySelectorAll("[type=submit], button:not([type])")) { button.disabled = true; button.dataset.busy = "1"; }
  });
});

function freeButtons() {
  for (const form of document.querySelectorAll("form[data-busy]")) delete form.dataset.busy;
  for (const button of document.querySelectorAll("[data-busy]")) { button.disabled = false; delete button.dataset.busy; }
}

addEventListener("pageshow", freeButtons);

/* --- admin lists: each cell gets its column's name, so that phones can show rows as cards ------------------------------ */
function labelCells() {
  for (const table of document.querySelectorAll("#result_list, table.grid")) {
    if (!table.tHead) continue;
    const names = [...table.tHead.rows[0].cells].map((cell) => (cell.querySelector(".text") || cell).textContent.trim());
    for (const row of table.tBodies[0].rows) {
      [...row.cells].forEach((cell, index) => { if (names[index] && !cell.dataset.label) cell.dataset.label = names[index]; });
    }
  }
}

/* Django's split date and time fields have their words beside them, not as labels. */
function labelDates() {
  for (const input of document.querySelectorAll(".datetime input:not([aria-label])")) {
    const heading = input.closest(".field").querySelector("label, .label");
    input.setAttribute("aria-label", `${heading ? heading.textContent.trim() : ""} ${input.name.endsWith("_1") ? "time" : "date"}`.trim());
  }
}

/* Django's tables of related rows begin, and end, with a heading that says nothing. */
function dropEmptyHeadings() {
  for (const heading of document.querySelectorAll(".tabular thead th:empty")) heading.replaceWith(document.createElement("td"));
}

/* "A new reading is on its way" has had its time once a newer reading, or a newer failure, is on the board. */
let firstReading = null;

function dropOldNews() {
  const line = document.querySelector("#board .readline");
  if (!line) return;
  const reading = `${line.dataset.readAt} ${line.dataset.failure}`;
  firstReading = firstReading || reading;
  if (reading !== firstReading) document.querySelectorAll("ul.messagelist li.success").forEach((item) => item.remove());
}

/* --- quick filter: input[data-filter="#scope"] hides rows whose text does not contain every word ------------------------- */
function filterRows(input) {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const scope = document.querySelector(input.dataset.filter);
  if (!scope) return;
  for (const row of scope.querySelectorAll("[data-row]")) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
  for (const group of scope.querySelectorAll("[data-group]")) group.hidden = !group.querySelector("[data-row]:not([hidden])");
  for (const none of scope.querySelectorAll("[data-none]")) none.hidden = !words.length || Boolean(scope.querySelector("[data-row]:not([hidden])"));
}

function filterAll() {
  document.querySelectorAll("input[data-filter]").forEach(filterRows);
}

document.addEventListener("input", (event) => { if (event.target.matches("input[data-filter]")) filterRows(event.target); });

/* --- start, and again after htmx has put something new in place ------------------------------------------------------------ */
function refresh() {
  labelCells();
  labelDates();
  dropEmptyHeadings();
  dropOldNews();
  showFields();
  filterAll();
  tickAges();
}

document.addEventListener("DOMContentLoaded", () => {
  refresh();
  setInterval(tickAges, 1000);
  const faulty = document.querySelector('.questions input[type="radio"]') || document.querySelector('#content :is(input, select, textarea)[aria-invalid="true"]:not([type="hidden"])');
  if (faulty) faulty.focus();
});
document.addEventListener("htmx:afterSettle", refresh);

/* --- polling: ask only for what is new, and go to the log-in page when the session has ended ------------------------------ */
document.addEventListener("htmx:configRequest", (event) => {
  const etag = event.detail.elt.dataset.etag;
  if (etag) event.detail.headers["If-None-Match"] = etag;
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, elt, requestConfig, pathInfo } = event.detail;
  const landed = xhr.responseURL && new URL(xhr.responseURL).pathname;
  const asked = new URL(pathInfo.finalRequestPath, location.href).pathname;
  if (requestConfig.verb === "get" && landed && landed !== asked) {
    event.detail.shouldSwap = false;
    if (changedForm) tellEnded(landed); else location.reload();
    return;
  }
  const ended = document.getElementById("session-ended");
  if (ended) ended.remove();
  if (xhr.status === 304) { event.detail.shouldSwap = false; return; }
  const etag = xhr.getResponseHeader("ETag");
  if (etag && elt.dataset.etag !== undefined) elt.dataset.etag = etag;
});
