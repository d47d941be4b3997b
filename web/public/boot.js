// Runs before the first paint: the chosen theme, the right skeleton, and an early request for the page's code.
(() => {
  const root = document.documentElement;
  let theme = null;
  try {
    theme = localStorage.getItem("pp.theme");
  } catch {
    // Storage can be switched off; the system's theme is then the answer.
  }
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const door = /^\/(login|setup)\/?$/.test(location.pathname);
  root.dataset.page = door ? "door" : "shell";
  if (!location.pathname.startsWith("/b/")) return;
  for (const href of (document.currentScript?.dataset.dashboard ?? "").split(" ")) {
    if (!href) continue;
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = href;
    document.head.append(link);
  }
})();
