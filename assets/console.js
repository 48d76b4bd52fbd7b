// The console: a websocket to this hub, as a game has one.
"use strict";

(() => {
  const root = document.getElementById("console");
  const find = (id) => document.getElementById(id);
  const [connect, disconnect, send, miss, editor, template, log, state] =
    ["connect", "disconnect", "send", "miss", "editor", "template", "log", "state"].map(find);
  const prompts = [...root.querySelectorAll("[data-prompt]")];
  const most = 500; // lines of the log

  let socket = null; // the one that is open, or being opened
  let loan = null; // what it came in with
  let refs = 0;

  const write = (from, text) => {
    const line = document.createElement("div");
    line.className = from;
    const time = document.createElement("time");
    time.textContent = new Date().toISOString().slice(11, 23);
    const who = document.createElement("span");
    who.textContent = from === "remark" ? "" : from;
    const code = document.createElement(from === "remark" ? "span" : "code");
    code.textContent = text;
    line.append(time, who, code);
    const below = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    log.append(line);
    while (log.children.length > most) log.firstChild.remove();
    if (below) log.scrollTop = log.scrollHeight;
  };

  const show = (words, open) => {
    state.textContent = words;
    connect.disabled = socket !== null;
    disconnect.disabled = socket === null;
    for (const button of [send, ...prompts]) button.disabled = !open;
  };

  // say sends a frame; shown is what the log has of it.
  const say = (text, shown = text) => {
    if (!socket || socket.readyState !== WebSocket.OPEN) return;
    socket.send(text);
    write("sent", shown);
  };

  const player = () => find("player").value.trim();
  const misses = () => miss.getAttribute("aria-pressed") === "true";

  const authenticate = () => {
    const payload = {
      client_id: loan.client_id,
      client_secret: loan.client_secret,
      supports: [...root.querySelectorAll("[name=flag]:checked")].map((one) => one.value),
      channels: [find("channel").value.trim()].filter(Boolean),
      players: [player()].filter(Boolean),
    };
    const frame = (p) => JSON.stringify({ event: "authenticate", payload: p });
    say(frame(payload), frame({ ...payload, client_secret: "…" }));
  };

  const hear = (text) => {
    write("got", text);
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    if (frame.event === "authenticate" && frame.status === "success") show("connected as " + root.dataset.game, true);
    if (frame.event === "heartbeat" && !misses()) {
      say(JSON.stringify({ event: "heartbeat", payload: { players: [player()].filter(Boolean) } }));
    }
  };

  const open = async () => {
    connect.disabled = true;
    let answer;
    try {
      answer = await fetch("/admin/console/" + encodeURIComponent(root.dataset.game) + "/lend", { method: "POST" });
    } catch {
      answer = null;
    }
    if (!answer || !answer.ok) {
      write("remark", answer ? "The hub lends no credential (" + answer.status + "). Reload the page." : "The hub does not answer.");
      connect.disabled = false;
      return;
    }
    loan = await answer.json();
    const mine = new WebSocket((location.protocol === "https:" ? "wss://" : "ws://") + location.host + "/socket");
    socket = mine;
    show("connecting", false);
    mine.onopen = () => {
      write("remark", "The socket is open. Its credential ends within " + loan.minutes + " minutes.");
      authenticate();
    };
    mine.onmessage = (message) => hear(message.data);
    mine.onclose = (close) => {
      const about = find("codes").querySelector('[data-code="' + close.code + '"]');
      write("remark", "The socket closed with " + close.code + (close.reason ? " (" + close.reason + ")" : "") + (about ? ": " + about.textContent : "."));
      if (socket === mine) socket = null;
      show("not connected", false);
    };
  };

  const prompt = async (button) => {
    const body = new URLSearchParams({ client_id: loan.client_id, prompt: button.dataset.prompt });
    try {
      const answer = await fetch("/admin/console/" + encodeURIComponent(root.dataset.game) + "/prompt", { method: "POST", body });
      if (!answer.ok) write("remark", answer.status === 401 ? "You are signed out." : await answer.text());
    } catch {
      write("remark", "The hub does not answer.");
    }
  };

  // fill puts the chosen template into the editor, each member of the payload on a line.
  const fill = () => {
    const inside = (text) => JSON.stringify(text).slice(1, -1);
    const words = { CHANNEL: find("channel").value, PLAYER: player(), REF: "r" + ++refs };
    editor.value = template.value.replace(/CHANNEL|PLAYER|REF/g, (word) => inside(words[word]));
    try {
      editor.value = JSON.stringify(JSON.parse(editor.value), null, 2);
    } catch {
      // it stays as it is
    }
  };

  const sendEditor = () => {
    let text = editor.value;
    try {
      text = JSON.stringify(JSON.parse(text));
    } catch {
      // what is no JSON is worth a trial too
    }
    say(text);
    editor.value = editor.value.replace('"r' + refs + '"', () => '"r' + ++refs + '"');
  };

  connect.addEventListener("click", open);
  disconnect.addEventListener("click", () => socket && socket.close(1000));
  send.addEventListener("click", sendEditor);
  editor.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) sendEditor();
  });
  for (const one of [template, find("channel"), find("player")]) one.addEventListener("change", fill);
  for (const button of prompts) button.addEventListener("click", () => prompt(button));
  miss.addEventListener("click", () => {
    miss.setAttribute("aria-pressed", String(!misses()));
    write("remark", misses() ? "Heartbeats are not answered any more: after three of them the hub closes the socket." : "Heartbeats are answered again.");
  });
  find("clear").addEventListener("click", () => log.replaceChildren());

  fill();
  show("not connected", false);
  root.hidden = false;
})();
