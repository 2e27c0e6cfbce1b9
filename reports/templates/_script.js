(function () {
  "use strict";
  var all = function (q, at) { return Array.prototype.slice.call((at || document).querySelectorAll(q)); };
  var filters = document.querySelector(".filters");
  var tiles = all("[data-claim]");
  var show = function () {
    var on = {};
    all("button[aria-pressed=true]", filters).forEach(function (b) {
      if (b.value) { (on[b.dataset.by] = on[b.dataset.by] || []).push(b.value); }
    });
    var by = Object.keys(on), count = 0;
    tiles.forEach(function (t) {
      var seen = by.every(function (k) {
        var own = t.dataset[k].split(" ");
        return on[k].some(function (v) { return own.indexOf(v) >= 0; });
      });
      t.hidden = !seen;
      if (seen) { count += 1; }
    });
    all("details[data-tiles]").forEach(function (d) {
      var left = all("[data-claim]", d).some(function (t) { return !t.hidden; });
      d.hidden = !left;
      if (by.length && left) { d.open = true; }
    });
    all("button[data-by]", filters).forEach(function (b) {
      if (!b.value) { b.setAttribute("aria-pressed", String(!on[b.dataset.by])); }
    });
    filters.querySelector("[role=status]").textContent = count + " of " + tiles.length + " claims shown";
  };
  if (filters) {
    filters.hidden = false;
    all("button[data-by]", filters).forEach(function (b) {
      b.addEventListener("click", function () {
        if (!b.value) {
          all("button[data-by=" + b.dataset.by + "]", filters).forEach(function (o) { o.setAttribute("aria-pressed", "false"); });
        } else {
          b.setAttribute("aria-pressed", String(b.getAttribute("aria-pressed") !== "true"));
        }
        show();
      });
    });
    show();
  }
  var reveal = function () {
    var at = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (var e = at; e; e = e.parentElement) { if (e.tagName === "DETAILS") { e.open = true; } }
    if (at) { at.scrollIntoView(); }
  };
  window.addEventListener("hashchange", reveal);
  if (location.hash) { reveal(); }
  var closed = [];
  window.addEventListener("beforeprint", function () {
    closed = all("details:not([open])");
    closed.forEach(function (d) { d.open = true; });
  });
  window.addEventListener("afterprint", function () { closed.forEach(function (d) { d.open = false; }); });
  document.addEventListener("keydown", function (e) {
    if (e.key === "Escape" && document.activeElement && document.activeElement.classList.contains("term")) { document.activeElement.blur(); }
  });
})();
