// Keeps the page up to date without taking away what is open, where one has scrolled to, or what has the focus.
"use strict";

const $ = (id) => document.getElementById(id);
function state(text, lost = false) {
  if (!$("state")) return;
  $("state").textContent = text;
  $("state").classList.toggle("lost", lost);
}

// Makes one node say what another one says; what a reader has opened stays so.
const KEPT = new Set(["open", "aria-pressed", "tabindex"]);
function become(mine, theirs) {
  if (mine.isEqualNode(theirs) || mine.id === "state") return;
  if (mine.nodeType !== theirs.nodeType || mine.nodeName !== theirs.nodeName) return mine.replaceWith(theirs);
  if (mine.nodeType !== Node.ELEMENT_NODE) { mine.data = theirs.data; return; }
  for (const { name } of [...mine.attributes]) {
    if (!theirs.hasAttribute(name) && !KEPT.has(name)) mine.removeAttribute(name);
  }
  for (const { name, value } of theirs.attributes) {
    if (mine.getAttribute(name) !== value && name !== "aria-pressed") mine.setAttribute(name, value);
  }
  const wanted = [...theirs.childNodes];
  while (mine.childNodes.length > wanted.length) mine.lastChild.remove();
  wanted.forEach((node, at) => (at < mine.childNodes.length ? become(mine.childNodes[at], node) : mine.append(node)));
}

// What is chosen, which the address keeps: a link to it, or going back, shows the same.
const CHOICES = ["filter", "severity", "group", "order"];
let shows = "";  // The group that a chip has chosen; empty for all.
function chosen() {
  const told = new URLSearchParams();
  for (const id of CHOICES) if ($(id).value && $(id).value !== "0") told.set(id, $(id).value);
  if (shows) told.set("show", shows);
  return told;
}
function remember() {
  const told = chosen().toString();
  history.replaceState(null, "", told ? `#${told}` : location.pathname);
}
function recall() {
  const told = new URLSearchParams(location.hash.slice(1));
  for (const id of CHOICES) {
    const value = told.get(id);
    const known = $(id).options ? [...$(id).options].some((option) => option.value === value) : value !== null;
    $(id).value = known ? value : $(id).options ? $(id).options[0].value : "";
  }
  shows = told.get("show") ?? "";
}

// The rows in their order, below the headings of their groups.
let ranks = new Map();  // The server's own order.
let headings = new Map();  // What it calls its groups.
const rows = () => [...$("rows").querySelectorAll(".row")];
const name = (row) => row.querySelector(".subject").textContent;
const place = (row) => row.dataset.store ?? row.dataset.group;  // Where the server puts it: under its store, or by what is to be done.
const rank = (row) => ranks.get(row.id);
const ORDERS = {
  "": () => [],
  severity: (row) => [-row.dataset.severity, -row.dataset.blocks],
  quiet: (row) => [-row.dataset.quiet],
  name: () => [],
};
const GROUPS = {
  "": (row) => headings.get(place(row)) ?? "",
  owner: (row) => row.dataset.owner || "nobody",
  rule: (row) => row.dataset.rule || "no rule",
  none: () => "",
};
function compare(one, other) {
  const order = ORDERS[$("order").value];
  const [a, b] = [order(one), order(other)];
  const at = a.findIndex((value, i) => value !== b[i]);
  if (at >= 0) return a[at] - b[at];
  return $("order").value ? name(one).localeCompare(name(other)) : rank(one) - rank(other);
}
function heading(text, count) {
  const item = document.createElement("li"), title = document.createElement("h2"), number = document.createElement("span");
  item.className = "group";
  number.textContent = count;
  title.append(text, " ", number);
  item.append(title);
  return item;
}
function arrange() {
  const list = $("rows"), held = document.activeElement, group = GROUPS[$("group").value];
  const byGroup = new Map();
  for (const row of rows().sort(compare)) {
    const text = group(row);
    if (!byGroup.has(text)) byGroup.set(text, []);
    byGroup.get(text).push(row);
  }
  let groups = [...byGroup.keys()];
  if (!$("group").value) {  // The server's groups stay in their order, whatever that of the rows is.
    const places = [...headings.values()];
    groups.sort((one, other) => places.indexOf(one) - places.indexOf(other));
  } else if ($("group").value !== "none") groups = groups.sort((one, other) => one.localeCompare(other));
  for (const old of list.querySelectorAll(".group")) old.remove();
  let next = list.firstElementChild;
  for (const text of groups) {
    const own = byGroup.get(text), shown = own.filter((row) => !row.hidden).length;
    if (text && shown) list.insertBefore(heading(text, shown), next);
    for (const row of own) {
      if (row === next) next = next.nextElementSibling;
      else list.insertBefore(row, next);
    }
  }
  if (held !== document.activeElement && list.contains(held)) held.focus({ preventScroll: true });
}
function filter() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean), least = $("severity").value;
  const all = rows();
  let count = 0;
  for (const row of all) {
    const text = words.length ? row.textContent.toLowerCase() : "";
    const isShown = !shows || row.dataset.group === shows;
    const weighs = least === "0" || row.dataset.severity === least;
    row.hidden = !(isShown && weighs && words.every((word) => text.includes(word)));
    count += !row.hidden;
  }
  $("shown").textContent = count === all.length ? "" : `${count} of ${all.length} shown`;
  for (const chip of document.querySelectorAll("[data-show]")) {
    chip.setAttribute("aria-pressed", String(chip.dataset.show === shows));
  }
}
function show() {
  filter();
  arrange();
}

function learn(list) {
  ranks = new Map([...list.querySelectorAll(".row")].map((row, at) => [row.id, at]));
  headings = new Map();
  let text = "";
  for (const item of list.children) {
    if (item.className === "group") text = item.querySelector("h2").firstChild.textContent.trim();
    else if (place(item) && !headings.has(place(item))) headings.set(place(item), text);
  }
}
function update(fresh) {
  const current = document.body.dataset.look;
  if (fresh.body.dataset.look === current) return;
  document.title = fresh.title;
  document.body.dataset.look = fresh.body.dataset.look;
  become($("top"), fresh.getElementById("top"));
  const theirs = fresh.getElementById("rows"), list = $("rows");
  if (!theirs || !list) {
    if (theirs || list) become(document.querySelector("main"), fresh.querySelector("main"));
    begin();
    return;
  }
  for (const id of ["managers", "rest"]) become($(id), fresh.getElementById(id));
  $("none").hidden = fresh.getElementById("none").hidden;
  $("none").textContent = fresh.getElementById("none").textContent;
  list.className = theirs.className;
  learn(theirs);
  for (const old of list.querySelectorAll(".left-out")) old.remove();
  const mine = new Map();
  for (const row of rows()) ranks.has(row.id) ? mine.set(row.id, row) : row.remove();
  for (const row of [...theirs.querySelectorAll(".row")]) {
    prepare(row);
    const same = mine.get(row.id);
    if (!same) list.append(row);
    else { row.hidden = same.hidden; become(same, row); }
  }
  list.append(...theirs.querySelectorAll(".left-out"));
  show();
}

// What takes a script: rows that keys reach, buttons that copy.
function prepare(row) {
  row.tabIndex = -1;
  for (const button of row.querySelectorAll(".copy")) button.hidden = false;
}
function begin() {
  if (!$("controls")) return;
  learn($("rows"));
  rows().forEach(prepare);
  $("controls").hidden = false;
  $("controls").addEventListener("submit", (event) => event.preventDefault());
  for (const id of CHOICES) $(id).addEventListener("input", () => { remember(); show(); });
  $("keys").addEventListener("click", () => $("help").showModal());
  recall();
  show();
}
document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-show]"), copy = event.target.closest(".copy");
  if (chip) {
    shows = shows === chip.dataset.show ? "" : chip.dataset.show;
    remember();
    show();
  } else if (copy) {
    navigator.clipboard.writeText(copy.previousElementSibling.textContent).then(
      () => { copy.textContent = "copied"; setTimeout(() => { copy.textContent = "copy"; }, 2_000); },
      () => { copy.textContent = "select it and copy"; },
    );
  }
});
addEventListener("hashchange", () => { if ($("controls")) { recall(); show(); } });

// j and k go from row to row, o opens one, / filters, ? tells.
const KEYS = {
  j: () => go(1),
  k: () => go(-1),
  o: () => {
    const opens = document.activeElement.closest?.(".row")?.querySelector(".opens");
    if (opens) opens.open = !opens.open;
  },
  "/": () => $("filter").focus(),
  "?": () => $("help").showModal(),
};
function go(by) {
  const shown = rows().filter((row) => !row.hidden);
  const at = shown.indexOf(document.activeElement.closest?.(".row"));
  const row = shown[at < 0 ? (by > 0 ? 0 : shown.length - 1) : Math.min(Math.max(at + by, 0), shown.length - 1)];
  row?.focus();
}
document.addEventListener("keydown", (event) => {
  const writes = event.target.matches?.("input, select, textarea") || $("help")?.open;
  if (writes || event.ctrlKey || event.metaKey || event.altKey || !$("controls") || !Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  KEYS[event.key]();
});

const lost = () => state("out of reach, trying again", true);

let asked = 0;
async function fetchPage() {
  const mine = ++asked;
  try {
    const answer = await fetch("/", { cache: "no-store" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || !fresh.body.dataset.look) throw new Error("it isn't our page");
    if (mine === asked) update(fresh);
    if (document.hidden || news.readyState === EventSource.OPEN) state("up to date");
  } catch { lost(); }
}

// A browser has six connections to a server: a page that nobody sees holds none, and asks once a minute.
const SILENCE = 40_000;  // Milliseconds; the server says something every 15 seconds.
const AGAIN = 5_000;
let news, next;
function listen() {
  news?.close();
  clearTimeout(next);
  if (document.hidden) return;
  news = new EventSource("/events");
  const later = (wait, then) => { clearTimeout(next); next = setTimeout(then, wait); };
  const heard = () => later(SILENCE, () => { lost(); listen(); });
  heard();
  news.onopen = () => { heard(); state("up to date"); };
  news.addEventListener("still", heard);
  news.onmessage = (event) => { heard(); if (event.data !== document.body.dataset.look) fetchPage(); };
  news.onerror = () => {
    lost();
    if (news.readyState === EventSource.CLOSED) later(AGAIN, listen);  // The browser itself tries no more.
  };
}

begin();
listen();
document.addEventListener("visibilitychange", listen);
// A browser that comes back to the page fills in what was chosen there, after the page has begun.
addEventListener("pageshow", () => { if ($("controls")) { recall(); show(); } });
setInterval(() => { if (document.hidden) fetchPage(); }, 60_000);
