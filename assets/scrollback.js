// What was said before comes by itself as one scrolls to it. What the live part drops at its
// end goes to the rest, so that nothing is missing between the two.
"use strict";

(() => {
  const said = document.getElementById("said");
  const earlier = document.getElementById("earlier");
  let left = 20; // parts that come by themselves; then the link is a link

  const number = (message) => Number(message.id.slice(1));
  const day = (message) => message.parentElement.previousElementSibling.textContent;
  const look = () => [...said.querySelectorAll(".talk > li")].map((message) => ({ message, day: day(message) }));
  let shown = look(); // the newest first

  const watcher = new IntersectionObserver(
    (all) => all.filter((one) => one.isIntersecting).forEach((one) => load(one.target)),
    { rootMargin: "300px" },
  );

  // settle names each day once, has each message once, and watches for the end.
  const settle = () => {
    const oldest = shown.length ? number(shown.at(-1).message) : Infinity;
    for (const message of earlier.querySelectorAll(".talk > li")) {
      if (number(message) < oldest) break;
      message.remove();
    }
    let before = "";
    for (const heading of document.querySelectorAll(":is(#said, #earlier) .day")) {
      heading.hidden = heading.textContent === before;
      before = heading.textContent;
    }
    watcher.disconnect();
    const link = [...document.querySelectorAll(".older a")].at(-1);
    if (link && left > 0) watcher.observe(link);
  };

  // load puts what a link leads to in the place of the link.
  const load = (link) => {
    watcher.disconnect();
    left--;
    let place = link.closest(".older");
    if (said.contains(place)) {
      place = place.cloneNode(true); // the live part will not keep it
      place.removeAttribute("id");
      earlier.append(place);
    }
    const request = new XMLHttpRequest();
    request.open("GET", link.href);
    request.responseType = "document";
    request.timeout = 10_000;
    request.onload = () => {
      const more = request.status === 200 && request.response?.getElementById("said");
      if (!more) return; // the link stays, for who wants to try
      more.querySelector(".older")?.removeAttribute("id"); // that of the live part has it
      place.replaceWith(...more.childNodes);
      settle();
    };
    request.send();
  };

  // keep puts a message on top of what was said before.
  const keep = ({ message, day }) => {
    let [heading, list] = earlier.children;
    if (!heading.matches(".day") || heading.textContent !== day) {
      heading = document.createElement("h2");
      heading.className = "day";
      heading.textContent = day;
      list = document.createElement("ol");
      list.className = "talk";
      earlier.prepend(heading, list);
    }
    list.prepend(message);
  };

  new MutationObserver(() => {
    const now = look();
    if (!now.length) return;
    const oldest = number(now.at(-1).message);
    if (shown.length && number(shown[0].message) < oldest) {
      earlier.replaceChildren(); // more was said than the live part holds: what is between is not here
    } else if (earlier.firstElementChild) {
      shown.filter(({ message }) => number(message) < oldest).reverse().forEach(keep);
    }
    shown = now;
    settle();
  }).observe(said, { childList: true, subtree: true });
  settle();
})();
