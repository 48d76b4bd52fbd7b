// Puts a channel of the hub into the page of another site, to read:
//
//   <script src="https://HUB/widget.js" data-channel="gossip" data-height="320" async></script>
(() => {
  const script = document.currentScript;
  const channel = script.dataset.channel || "gossip";
  const frame = document.createElement("iframe");
  frame.src = new URL("/widget/" + encodeURIComponent(channel), script.src).href;
  frame.title = "The channel " + channel;
  frame.loading = "lazy";
  frame.style.width = "100%";
  frame.style.height = (parseInt(script.dataset.height, 10) || 320) + "px";
  frame.style.border = "0";
  script.after(frame);
})();
