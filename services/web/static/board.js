// Keeps the operations board live. An event, or ten quiet seconds, fetches the
// board again. What is on the screen must never pass for the present when it
// is not: after a failed fetch, or 30 s without a good one, the page says so.
"use strict";
(function () {
  const board = document.getElementById("board");
  const lost = document.getElementById("lost");
  const announce = document.getElementById("announce");
  const settle = 150, retry = 2000, pace = 10000, patience = 8000, stale = 30000;
  let timer = 0, due = Infinity, fetching = false, again = false, cut = false, fresh = Date.now();

  function show() {
    const bad = cut || Date.now() - fresh > stale;
    document.body.classList.toggle("stale", bad);
    lost.hidden = !bad;
    if (!bad) return;
    const text = lost.dataset.text.replace("{time}", new Date(fresh).toLocaleTimeString(document.documentElement.lang));
    if (lost.textContent !== text) lost.textContent = text;
  }

  async function refresh() {
    due = Infinity;
    if (fetching) { again = true; return; }
    fetching = true;
    const abort = new AbortController();
    const limit = setTimeout(function () { abort.abort(); }, patience);
    try {
      const r = await fetch(board.dataset.fragment, { signal: abort.signal });
      if (r.status === 401) { location.assign("/login?next=/"); return; }
      if (!r.ok) throw new Error("status " + r.status);
      replace(await r.text());
      fresh = Date.now();
      cut = false;
    } catch (e) {
      cut = true;
    } finally {
      clearTimeout(limit);
      fetching = false;
      show();
      soon(again ? settle : cut ? retry : pace);
      again = false;
    }
  }

  // The focus stays on the same order while the board moves below it.
  function replace(html) {
    const focused = board.contains(document.activeElement) ? document.activeElement.id : "";
    board.innerHTML = html;
    const target = focused && document.getElementById(focused);
    if (target) target.focus({ preventScroll: true });
    const text = board.querySelector("[data-announce]").dataset.announce;
    if (announce.textContent !== text) announce.textContent = text;
  }

  // An earlier appointment stands, so that a storm of events cannot put the
  // refresh off for ever.
  function soon(wait) {
    if (due <= Date.now() + wait) return;
    due = Date.now() + wait;
    clearTimeout(timer);
    timer = setTimeout(refresh, wait);
  }

  // A stream that the server has refused is closed for good: make another.
  function listen() {
    const events = new EventSource(board.dataset.events);
    for (const kind of ["open", "order", "incident", "gateway", "quarantine", "call", "reset"]) {
      events.addEventListener(kind, function () { soon(settle); });
    }
    events.addEventListener("error", function () {
      soon(settle);
      if (events.readyState === EventSource.CLOSED) setTimeout(listen, pace);
    });
  }

  listen();
  setInterval(show, 1000);
  soon(pace);
})();
