// Keeps the page up to date without taking away what is open, where one has scrolled to, or what has the focus.
"use strict";

const $ = (id) => document.getElementById(id);
const state = (text) => { if ($("state")) $("state").textContent = text; };

// Makes one node say what another one says; what a reader has opened stays so.
function become(mine, theirs) {
  if (mine.isEqualNode(theirs) || mine.id === "state") return;
  if (mine.nodeType !== theirs.nodeType || mine.nodeName !== theirs.nodeName) return mine.replaceWith(theirs);
  if (mine.nodeType !== Node.ELEMENT_NODE) { mine.data = theirs.data; return; }
  for (const { name } of [...mine.attributes]) {
    if (!theirs.hasAttribute(name) && name !== "open") mine.removeAttribute(name);
  }
  for (const { name, value } of theirs.attributes) if (mine.getAttribute(name) !== value) mine.setAttribute(name, value);
  const wanted = [...theirs.childNodes];
  while (mine.childNodes.length > wanted.length) mine.lastChild.remove();
  wanted.forEach((node, at) => (at < mine.childNodes.length ? become(mine.childNodes[at], node) : mine.append(node)));
}

const ORDERS = {
  severity: (row) => [-row.dataset.severity, -row.dataset.blocks],
  quiet: (row) => [-row.dataset.quiet],
  name: () => [],
};
const name = (row) => row.querySelector(".subject").textContent;
function compare(one, other) {
  const order = ORDERS[$("order").value];
  const [a, b] = [order(one), order(other)];
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? name(one).localeCompare(name(other)) : a[at] - b[at];
}

let ranks = new Map();  // The server's own order.
function arrange() {
  const list = $("rows"), held = document.activeElement;
  const rows = [...list.children];
  if ($("order").value) rows.sort(compare);
  else rows.sort((one, other) => ranks.get(one.id) - ranks.get(other.id));
  let next = list.firstElementChild;
  for (const row of rows) {
    if (row === next) next = next.nextElementSibling;
    else list.insertBefore(row, next);
  }
  if (held !== document.activeElement && list.contains(held)) held.focus({ preventScroll: true });
}

function filter() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean), least = $("severity").value;
  let shown = 0;
  for (const row of $("rows").children) {
    const text = words.length ? row.textContent.toLowerCase() : "";
    row.hidden = !words.every((word) => text.includes(word)) || (least !== "0" && row.dataset.severity !== least);
    shown += !row.hidden;
  }
  const all = $("rows").children.length;
  $("shown").textContent = shown === all ? "" : `${shown} of ${all} shown`;
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
  document.querySelector(".heads").hidden = fresh.querySelector(".heads").hidden;
  list.className = theirs.className;
  ranks = new Map([...theirs.children].map((row, at) => [row.id, at]));
  for (const row of [...list.children]) if (!ranks.has(row.id)) row.remove();
  const mine = new Map([...list.children].map((row) => [row.id, row]));
  for (const row of [...theirs.children]) {
    const same = mine.get(row.id);
    if (!same) list.append(row);
    else { row.hidden = same.hidden; become(same, row); }
  }
  arrange();
  filter();
}

function begin() {
  if (!$("controls")) return;
  ranks = new Map([...$("rows").children].map((row, at) => [row.id, at]));
  $("controls").hidden = false;
  $("controls").addEventListener("submit", (event) => event.preventDefault());
  for (const id of ["filter", "severity"]) $(id).addEventListener("input", filter);
  $("order").addEventListener("input", arrange);
}

const lost = () => state("out of reach, trying again");

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
// Whoever comes back to the page finds the browser to have kept what was chosen there.
addEventListener("pageshow", () => { if ($("controls")) { arrange(); filter(); } });
setInterval(() => { if (document.hidden) fetchPage(); }, 60_000);
