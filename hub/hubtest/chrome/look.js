(() => {
  const root = document.documentElement;
  const style = (e) => getComputedStyle(e);

  const rgba = (s) => s.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) =>
    [r, g, b]
      .map((v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const background = (e) => {
    const c = e ? rgba(style(e).backgroundColor) : [255, 255, 255];
    return c[3] === 0 ? background(e.parentElement) : c;
  };
  const contrast = (e) => {
    const [hi, lo] = [rgba(style(e).color), background(e)].map(luminance).sort((a, b) => b - a);
    return (hi + 0.05) / (lo + 0.05);
  };

  // texts are the text nodes of an element that are on the page, in their order.
  const texts = (within) => {
    const all = [];
    const walker = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const e = walker.currentNode.parentElement;
      if (e.checkVisibility() && !e.closest("script, style, option, pre, textarea")) all.push(walker.currentNode);
    }
    return all;
  };

  // broken are the words of an element that stand on two lines.
  const broken = (within) =>
    texts(within).flatMap((text) =>
      [...text.data.matchAll(/[\p{L}\p{N}]+/gu)]
        .filter((word) => {
          const range = document.createRange();
          range.setStart(text, word.index);
          range.setEnd(text, word.index + word[0].length);
          return new Set([...range.getClientRects()].map((r) => Math.round(r.top))).size > 1;
        })
        .map((word) => word[0]),
    );

  // flows reports whether the two texts stand in one flow: no block, cell or line break is between.
  const flows = (a, b) => {
    const range = document.createRange();
    range.setStartAfter(a);
    range.setEndBefore(b);
    const common = range.commonAncestorContainer;
    const between = [];
    for (const one of [a, b]) for (let e = one.parentElement; e && e !== common; e = e.parentElement) between.push(e);
    const parts = document.createTreeWalker(common, NodeFilter.SHOW_ELEMENT);
    while (parts.nextNode()) if (range.intersectsNode(parts.currentNode)) between.push(parts.currentNode);
    return between.every(
      (e) => ["inline", "inline-block", "contents"].includes(style(e).display) && !["BR", "INPUT", "IMG"].includes(e.tagName),
    );
  };

  const joined = () => {
    const all = texts(document.body);
    return all.flatMap((b, i) => {
      const a = all[i - 1];
      if (!a || !flows(a, b)) return [];
      const [before, after] = [a.data, b.data];
      const missing = /[\p{L}\p{N}.,:;!?]$/u.test(before) && /^[\p{L}\p{N}]/u.test(after);
      const spare = /\s$/.test(before) && /^[,.:;!?](\s|$)/.test(after) && !b.parentElement.closest("code");
      return missing || spare ? [before.slice(-30) + "|" + after.slice(0, 30)] : [];
    });
  };

  const rightToLeft = /[\u0590-\u08ff]/;
  const mixed = () => [
    ...texts(document.body)
      .filter((text) => rightToLeft.test(text.data) && !text.parentElement.closest("bdi, [dir=auto]"))
      .map((text) => text.data),
    ...[...document.querySelectorAll("input:not([type=hidden]), textarea")]
      .filter((field) => rightToLeft.test(field.value) && field.dir !== "auto")
      .map((field) => field.name),
  ];

  // unnamed are the cells that stand alone, as on a phone, and do not say of which column they are.
  const unnamed = () =>
    [...document.querySelectorAll("tbody tr")]
      .filter((row) => style(row).display !== "table-row" && row.checkVisibility())
      .flatMap((row) => {
        const heads = [...row.closest("table").querySelectorAll("thead th")];
        return [...row.cells]
          .slice(1) // the first says which row it is
          .filter((cell, i) => {
            const head = heads[i + 1];
            return head && !head.querySelector(".unseen") && cell.dataset.label !== head.textContent.trim();
          })
          .map((cell) => cell.textContent.trim().slice(0, 30));
      });

  // bare are the cells that show their column's name alone.
  const bare = () =>
    [...document.querySelectorAll(".cards td[data-label]")]
      .filter((cell) => style(cell).display !== "table-cell" && cell.checkVisibility())
      .filter((cell) => !cell.innerText.trim() && !cell.querySelector("input, img, svg"))
      .map((cell) => cell.dataset.label);

  const closed = [...document.querySelectorAll("details:not([open])")];
  for (const one of closed) one.open = true; // what is in them counts as well
  const h1 = document.querySelector("h1");
  const look = {
    heading: h1.innerText,
    painted: h1.checkVisibility() && document.styleSheets.length > 0 && [...document.images].every((i) => i.naturalWidth > 0),
    scheme: luminance(background(document.body)) > 0.5 ? "light" : "dark",
    width: root.scrollWidth,
    root: parseFloat(style(root).fontSize),
    faint: [...document.body.querySelectorAll("*")]
      .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
      .filter((e) => contrast(e) < (parseFloat(style(e).fontSize) >= 24 ? 3 : 4.5))
      .map((e) => e.localName + " " + contrast(e).toFixed(2) + " " + e.innerText),
    broken: [...document.querySelectorAll("button, [role=button], .mark")].flatMap(broken),
    cut: [...document.querySelectorAll(".scroll")]
      .filter((e) => e.scrollWidth > e.clientWidth + 1)
      .map((e) => `${e.clientWidth} of ${e.scrollWidth} px: ${e.innerText.slice(0, 40)}`),
    joined: joined(),
    mixed: mixed(),
    unnamed: unnamed(),
    bare: bare(),
  };
  for (const one of closed) one.open = false;
  return look;
})()
