"use strict";
const list = document.getElementById("list");
const clear = document.getElementById("clear");
let tag = `"${list.dataset.state}"`;

async function refresh() {
  if (document.hidden) return;
  const query = new URLSearchParams(location.search);
  query.set("open", list.dataset.open);
  try {
    const answer = await fetch(`/list?${query}`, { headers: { "If-None-Match": tag } });
    if (answer.status !== 200) return;
    tag = answer.headers.get("ETag");
    const fresh = await answer.text();
    if (document.body.classList.contains("empty")) return location.reload(); // the first mail takes the hint's place
    const focused = list.contains(document.activeElement) && document.activeElement.getAttribute("href");
    const scrolled = list.scrollTop;
    list.innerHTML = fresh; // made and escaped by the server
    list.scrollTop = scrolled;
    if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  } catch {
    // The server is restarting: the next round sees it again.
  }
}

setInterval(refresh, 2000);
document.addEventListener("visibilitychange", refresh);
clear.hidden = false;
clear.addEventListener("click", async () => {
  if (!confirm("Delete every mail in the outbox?")) return;
  await fetch("/api/messages", { method: "DELETE" });
  location.assign("/");
});
