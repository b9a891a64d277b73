// Phones of the demo: asks once a second which pages arrived and where their alerts are, and sends what a button says.
"use strict";

const list = document.getElementById("pages");
const template = document.getElementById("page");
const now = document.getElementById("now");
const articles = new Map();

const words = {
  raised: "waiting for an answer",
  held: "held back for now",
  delivered: "delivered, waiting for an answer",
  read: "read, waiting for an answer",
  declined: "declined, asking the next",
  answered: "answered: nobody else is asked",
  unresolved: "nobody answered: a desk has the task",
  closed: "closed",
  cleared: "what was missing came",
  withdrawn: "withdrawn: no longer true",
  over: "over",
};

function clock(text) {
  return text.slice(11, 19);
}

function make(page) {
  const article = template.content.firstElementChild.cloneNode(true);
  article.classList.add(page.severity);
  article.querySelector(".severity").textContent = page.severity;
  article.querySelector(".to").textContent = `${page.to}, by ${page.channel}`;
  article.querySelector("time").textContent = clock(page.at);
  article.querySelector(".text").textContent = page.text;
  article.querySelector(".value").hidden = !page.read_back;
  article.querySelectorAll("button").forEach((button) => {
    if (page.read_back && button.value === "accepted") {
      button.value = "read_back";
      button.textContent = "Read back";
    }
    button.addEventListener("click", (event) => {
      event.preventDefault();
      answer(page.key, button.value, article);
    });
  });
  list.prepend(article);
  return article;
}

function show(page) {
  const article = articles.get(page.n) || make(page);
  articles.set(page.n, article);
  const open = ["raised", "held", "delivered", "read", "declined"].includes(page.alert);
  const asks = page.purpose === "page" || page.purpose === "reminder";
  article.querySelector("form").hidden = !(open && asks);
  article.classList.toggle("over", !open);
  const step = open && page.step > 0 ? ` (step ${page.step})` : "";
  const said = article.dataset.said ? `${article.dataset.said} ` : "";
  const word = open && page.step === 0 ? "told, no answer is awaited" : words[page.alert] || page.alert;
  article.querySelector(".state").textContent = `${said}Alert: ${word}${step}`;
}

async function answer(key, act, article) {
  const value = article.querySelector("input").value;
  const reply = await fetch("/phone/answer", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ key, act, value }),
  });
  const told = await reply.json();
  article.dataset.said = told.said || told.detail || "";
  await refresh();
}

async function refresh() {
  try {
    const reply = await fetch("/phone/pages?limit=100");
    const state = await reply.json();
    now.textContent = state.count === 0 ? "Waiting for the first page …" : `${state.count} pages so far. In the hospital it is ${clock(state.now)} UTC.`;
    state.pages.forEach(show);
    const kept = new Set(state.pages.map((page) => page.n));
    articles.forEach((article, n) => {
      if (!kept.has(n)) {
        article.remove();
        articles.delete(n);
      }
    });
  } catch (error) {
    now.textContent = "The demo has ended.";
  }
}

refresh();
setInterval(refresh, 1000);
