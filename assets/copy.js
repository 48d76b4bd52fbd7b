// Buttons that copy the text of the element that data-copy names. They are hidden without
// this script.
"use strict";

(() => {
  // copy answers whether it could. The clipboard is there on https and on this machine only.
  const copy = async (from) => {
    if (navigator.clipboard) {
      try {
        await navigator.clipboard.writeText(from.textContent);
        return true;
      } catch {
        // not allowed: the old way may be
      }
    }
    getSelection().selectAllChildren(from);
    return document.execCommand("copy");
  };

  for (const button of document.querySelectorAll("[data-copy]")) {
    const words = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const done = await copy(document.getElementById(button.dataset.copy));
      button.textContent = done ? "Copied" : "Selected: press Ctrl-C";
      setTimeout(() => (button.textContent = words), 2000);
    });
  }
})();
