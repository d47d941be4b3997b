/** What a brand's settings say of its shop's pages and of channels. Comes with that page. */

export const sites = {
  title: "Pixel",
  lead: "The shop's own pages tell of visits: first party, no cookie, no network address kept.",
  none: "No site may tell of visits yet.",
  add: "Add a site",
  name: "Name",
  nameHelp: "So that you know which shop it is.",
  origins: "Address of the shop",
  originsHelp: "Like https://shop.example. Several go between spaces.",
  consent: "Consent",
  required: "Wait until the visitor agrees",
  implied: "Count at once",
  consentHelp: 'Waiting, the pages count after pulsepoint("consent", true). Global Privacy Control is always heeded.',
  added: (name: string) => `${name} was added.`,
  secretTitle: "Secret of the shop's own server",
  secretLead: "For a server that tells of visits as X-Pixel-Secret. It is shown this once; pages do not need it.",
  copySecret: "Copy the secret",
  kept: "Done",
  snippet: (name: string) => `Snippet of ${name}`,
  snippetLead: "Paste this into every page of the shop.",
  copy: (name: string) => `Copy the snippet of ${name}`,
  remove: "Remove",
  removeOf: (name: string) => `Remove ${name}`,
  removeQuestion: (name: string) => `Remove ${name}?`,
  removeText: "Its pages are not heard any more. What they told stays.",
  removed: (name: string) => `${name} was removed.`,
};

export const channels = {
  title: "Channel rules",
  lead: "Which channel a visit counts in. The first rule that fits decides; without a rule, what is said last.",
  usual: "These are the usual rules.",
  own: "This brand has rules of its own.",
  rules: "Rules as JSON",
  rulesHelp:
    "Each has a channel and patterns of source, medium, campaign, click_id or referrer; * stands for anything.",
  otherwise: "What fits no rule",
  notJson: "This is not a JSON list.",
  back: "Back to the usual rules",
  saved: "Saved. Figures of all days are counted anew.",
};
