/* Visits of this shop, for Pulsepoint. A random id of this site alone, no cookie, nobody else, nothing before consent where it is required. */
(function (w, d, n, l) {
  try {
    var s = d.currentScript, key = s.getAttribute("data-site"), to = new URL("/px/" + key, s.src).href, K = "_pp",
      on = s.getAttribute("data-consent") !== "required", early = (w.pulsepoint || {}).q || [], id, due, last, all = [],
      ref = from(), OK = /^(utm_\w+|\w{1,3}clid|[gw]braid|epik)$/i;
    function from() { try { return d.referrer ? new URL(d.referrer).origin : "" } catch (e) { return "" } }
    function rnd() {
      var a = new Uint8Array(16), h = "", i = 0;
      for (crypto.getRandomValues(a); i < 16;) h += (a[i++] + 256).toString(16).slice(1);
      return h
    }
    function me() {
      try { id = id || localStorage.getItem(K) } catch (e) { }
      if (!/^[0-9a-f]{32}$/.test(id)) { id = rnd(); try { localStorage.setItem(K, id) } catch (e) { } }
      return id
    }
    function at() {
      var q = [];
      new URLSearchParams(l.search).forEach(function (v, k) { OK.test(k) && q.push(k + "=" + encodeURIComponent(v.slice(0, 200))) });
      return l.origin + l.pathname + (q.length ? "?" + q.join("&") : "")
    }
    function send() {
      clearTimeout(due); due = 0;
      if (!on || !all.length) return;
      var t = JSON.stringify({ v: me(), s: Date.now(), e: all.splice(0, 20) });
      try {
        n.sendBeacon && n.sendBeacon(to, t) ||
          fetch(to, { method: "POST", body: t, keepalive: true, mode: "no-cors", credentials: "omit" }).catch(function () { })
      } catch (e) { }
    }
    function add(k, x) {
      if (!on || n.globalPrivacyControl || n.webdriver || all.length > 99) return;
      x = x || {};
      all.push({ i: rnd().slice(16), k: k, t: Date.now(), u: at(), r: ref, o: x.order && "" + x.order, n: x.name && "" + x.name });
      k === "purchase" || all.length > 9 ? send() : due = due || setTimeout(send, 1e3)
    }
    function page() {
      var p = l.pathname + l.search;
      if (p === last || !on) return;
      add(/\/products?\/./.test(l.pathname) ? "product" : "page");
      last = p; ref = "";
      p = (w.Shopify || {}).checkout || {};
      p.order_id && add("purchase", { order: p.order_id })
    }
    function act(k, x) {
      if (k !== "consent") return add(k, x);
      if (!(on = !!x)) { all = []; id = last = null; try { localStorage.removeItem(K) } catch (e) { } }
      page()
    }
    ["pushState", "replaceState"].forEach(function (f) {
      var o = history[f];
      history[f] = function () { var r = o.apply(this, arguments); setTimeout(page, 0); return r }
    });
    w.addEventListener("popstate", page);
    w.addEventListener("pagehide", send);
    d.addEventListener("visibilitychange", function () { d.hidden && send() });
    d.addEventListener("submit", function (e) {
      var a = e.target.getAttribute("action") || "", c = (e.submitter || {}).name === "checkout" || /\/checkout/.test(a);
      c ? add("checkout") : /\/cart\/add/.test(a) && add("add_to_cart")
    }, true);
    w.pulsepoint = act;
    early.forEach(function (a) { act(a[0], a[1]) });
    page()
  } catch (e) { }
})(window, document, navigator, location);
