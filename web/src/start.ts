/** What the page was opened at, before the router put it in order. */
export const start = { search: window.location.search };
