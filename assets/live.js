// A live page says when it hears nothing of the hub, and asks before it posts whether the hub
// is there: what is written stays when it is not.
"use strict";

(() => {
  const silence = 40_000; // the hub says something every 15 seconds
  const patience = 5_000; // for an answer before a post
  const away = "Connection lost, trying again.";
  const kept = away + " Nothing was sent; what you wrote is still there.";
  const over = "Nothing new comes to this page. Reload it.";

  const note = document.createElement("p");
  note.className = "lost";
  note.setAttribute("role", "status");
  document.body.append(note);

  const connections = new Map(); // of each live element
  const alarms = new Map(); // that ring when an element hears nothing
  const lost = new Map(); // what is to be said of each element that is cut off
  const tell = () => {
    const text = [...lost.values()].sort().at(0) ?? "";
    if (note.textContent !== text) note.textContent = text;
  };

  // cut says of an element that it is cut off, and has it connect again.
  const cut = (element, text) => {
    lost.set(element, text);
    connections.get(element)?.reader?.cancel();
    tell();
  };
  const hears = ({ target, detail }) => {
    connections.set(target, detail.connection);
    clearTimeout(alarms.get(target));
    alarms.set(target, setTimeout(() => document.hidden || cut(target, away), silence));
    if (lost.delete(target)) tell();
  };
  const leave = (element) => {
    clearTimeout(alarms.get(element));
    for (const all of [connections, alarms, lost]) all.delete(element);
    tell();
  };

  document.addEventListener("htmx:sse:after:connection", hears);
  document.addEventListener("htmx:sse:after:message", hears);
  document.addEventListener("htmx:sse:close", (e) => leave(e.target));
  document.addEventListener("htmx:sse:error", ({ target, detail }) => {
    if (detail.status >= 400 && detail.status < 500 && detail.status !== 429) lost.set(target, over);
    else if (lost.get(target) !== kept) lost.set(target, away);
    tell();
  });
  // A first connection that fails is not tried again by the extension.
  document.addEventListener("htmx:error", ({ target }) => {
    const path = target.getAttribute?.("hx-sse:connect");
    if (!path || connections.has(target)) return;
    cut(target, away);
    setTimeout(() => target.isConnected && htmx.ajax("GET", path, { source: target }), patience);
  });

  // answers reports whether the hub is there: a proxy before it says 5xx when it is not.
  const answers = async () => {
    try {
      return (await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(patience) })).status < 500;
    } catch {
      return false;
    }
  };
  let asking = false;
  let sure = false;
  document.addEventListener("submit", async (e) => {
    if (sure || e.defaultPrevented || e.target.getAttribute("method") !== "post" || !(connections.size || lost.size)) return;
    e.preventDefault();
    if (asking) return;
    asking = true;
    const there = await answers();
    asking = false;
    if (!there) {
      for (const element of new Set([...connections.keys(), ...lost.keys()])) cut(element, kept);
      return;
    }
    sure = true;
    e.target.requestSubmit(e.submitter);
    sure = false;
  });
})();
