/** What each platform wants before it can be read: where to click there, which permissions and why, which values. */

export interface Field {
  /** Where it goes in what is sent: `settings.shop`, `credentials.access_token`. */
  at: `${"settings" | "credentials"}.${string}`;
  label: string;
  help?: string;
  placeholder?: string;
  optional?: boolean;
  /** Typed in the clear, being no secret. */
  plain?: boolean;
  /** What is wrong with a value that does not look like one; checked when the field is left. */
  check?: [pattern: RegExp, wrong: string];
}

/** One way to sign in; most platforms have one. */
export interface Way {
  id: string;
  label: string;
  /** Begins with an address where there is one to go to. */
  steps: string[];
  href: string;
  fields: Field[];
}

export interface Platform {
  ways: [Way, ...Way[]];
  scopes: { name: string; why: string; optional?: boolean }[];
  settings: Field[];
  /** Days of history to choose from, the usual first; null is everything. */
  history: (number | null)[];
}

/** In steps, *what to click* stands between stars. */
export const platforms: Record<"shopify" | "meta_ads" | "tiktok_ads" | "google_ads", Platform> = {
  shopify: {
    ways: [
      {
        id: "app",
        label: "An app of your own",
        href: "https://dev.shopify.com/dashboard",
        steps: [
          "Open Shopify's Dev Dashboard as the owner of the shop, or as staff who may develop apps. It must be the organization that owns the shop.",
          "*Create app*, *Start from Dev Dashboard*, and give it a name, for example Pulsepoint.",
          "Under *Access*, paste the permissions below into *Scopes*, then *Release* the version.",
          "For orders older than 60 days, ask for read_all_orders under *API access requests*.",
          "*Install app* on your shop, and accept.",
          "Under *Settings*, copy the *Client ID* and the *Client secret*.",
        ],
        fields: [
          {
            at: "credentials.client_id",
            label: "Client ID",
            plain: true,
          },
          {
            at: "credentials.client_secret",
            label: "Client secret",
          },
        ],
      },
      {
        id: "token",
        label: "An access token from before 2026",
        href: "https://admin.shopify.com/",
        steps: [
          "Apps made in the shop's own admin before January 2026 go on working; new ones cannot be made there.",
          "In the admin, open *Settings*, *Apps and sales channels*, *Develop apps*, and choose the app.",
          "Under *Configuration*, see that it has the permissions below.",
          "Under *API credentials*, copy the *Admin API access token*. It is shown once: if it is lost, uninstall and install the app again.",
        ],
        fields: [
          {
            at: "credentials.access_token",
            label: "Admin API access token",
            check: [/^shpat_\S+$/, "An access token begins with shpat_."],
          },
          {
            at: "credentials.client_secret",
            label: "API secret key",
            optional: true,
            help: "Lets Shopify's webhooks be checked. Without it, the hourly sync does all the work.",
          },
        ],
      },
    ],
    scopes: [
      { name: "read_orders", why: "Orders, their lines and their refunds." },
      {
        name: "read_all_orders",
        why: "Orders older than 60 days. Without it Shopify leaves them out and says nothing.",
      },
      { name: "read_products", why: "Products and their variants." },
      { name: "read_inventory", why: "Stock levels, and what a unit costs you." },
      { name: "read_locations", why: "The names of your warehouses and shops." },
      {
        name: "read_customers",
        why: "Tells new customers from returning ones. An e-mail address is hashed before anything is stored.",
        optional: true,
      },
    ],
    settings: [
      {
        at: "settings.shop",
        label: "Shop",
        placeholder: "your-shop.myshopify.com",
        help: "The address that ends in .myshopify.com, not the one that customers see.",
        plain: true,
        check: [/^[a-z0-9][a-z0-9-]*\.myshopify\.com$/, "This must be the shop's address at myshopify.com."],
      },
    ],
    history: [null, 365, 730, 90],
  },
  meta_ads: {
    ways: [
      {
        id: "token",
        label: "A system user's token",
        href: "https://business.facebook.com/settings/system-users",
        steps: [
          "Open Meta's *Business settings*, *Users*, *System users*, as an admin of the business.",
          "*Add* a system user with the role *Employee*.",
          "*Assign assets*: choose your *Ad accounts* and switch on *View performance*.",
          "*Generate token*: choose an app of your business (developers.facebook.com makes one, of type Business), the expiry *Never*, and the permission below.",
          "Copy the token. A token of a person instead of a system user ends after about 60 days.",
        ],
        fields: [
          {
            at: "credentials.access_token",
            label: "Access token",
          },
          {
            at: "credentials.app_secret",
            label: "App secret",
            optional: true,
            help: "Needed where the app asks for a proof of it: App settings, Basic.",
          },
        ],
      },
    ],
    scopes: [
      { name: "ads_read", why: "Spend, impressions, clicks and the purchases that Meta claims." },
      { name: "business_management", why: "Only to list the ad accounts of a business.", optional: true },
    ],
    settings: [
      {
        at: "settings.accounts",
        label: "Ad accounts",
        placeholder: "act_1234567890, act_…",
        optional: true,
        help: "Leave it empty for all that the token may see.",
        plain: true,
        check: [/^(act_)?\d+([\s,]+(act_)?\d+)*$/, "Numbers of ad accounts, with commas between them."],
      },
    ],
    history: [730, 1125, 365, 90],
  },
  tiktok_ads: {
    ways: [
      {
        id: "code",
        label: "An app of your own",
        href: "https://business-api.tiktok.com/portal/apps",
        steps: [
          "Open TikTok's Business API portal, *My Apps*, *Create an App*, and give it the permissions below. TikTok reviews it, which takes a few days.",
          "In the app, copy the *App ID* and the *Secret*.",
          "Open the app's *Advertiser authorization URL*, choose your advertisers and *Confirm*.",
          "The browser goes to the app's redirect address: copy the auth_code out of it. It is good for an hour, and once.",
        ],
        fields: [
          {
            at: "credentials.app_id",
            label: "App ID",
            plain: true,
            check: [/^\d+$/, "An app ID has digits only."],
          },
          {
            at: "credentials.secret",
            label: "Secret",
          },
          { at: "credentials.auth_code", label: "Authorization code" },
        ],
      },
      {
        id: "token",
        label: "An access token",
        href: "https://business-api.tiktok.com/portal/apps",
        steps: [
          "If you have a long-lived access token of your app already, use it: it stays good until it is revoked.",
        ],
        fields: [
          {
            at: "credentials.access_token",
            label: "Access token",
          },
        ],
      },
    ],
    scopes: [
      { name: "Ad Account Management: Read", why: "The currency and the time zone of your ad accounts." },
      { name: "Ads Management: Read", why: "Names of campaigns, ad groups and ads." },
      { name: "Reporting: Read", why: "Spend, impressions, clicks and the purchases that TikTok claims." },
    ],
    settings: [
      {
        at: "settings.advertisers",
        label: "Advertisers",
        placeholder: "7012345678901234567",
        optional: true,
        help: "Leave it empty for all that were chosen.",
        plain: true,
        check: [/^\d+([\s,]+\d+)*$/, "Numbers of advertisers, with commas between them."],
      },
    ],
    history: [365, 90, 730],
  },
  google_ads: {
    ways: [
      {
        id: "oauth",
        label: "Your own client and developer token",
        href: "https://ads.google.com/aw/apicenter",
        steps: [
          "In a Google Ads *manager account*, open *Admin*, *API Center*, and copy the *Developer token*. The level Explorer is enough.",
          "In console.cloud.google.com, make a project and *Enable* the Google Ads API.",
          "Under *OAuth consent screen*, press *Publish app*: as long as it is in testing, the sign-in ends every 7 days.",
          "Under *Credentials*, create an *OAuth client ID* of the type Web application, with the redirect address https://developers.google.com/oauthplayground.",
          "Open that address, enter client ID and secret under the cog, authorize the permission below, exchange the code, and copy the *Refresh token*.",
        ],
        fields: [
          {
            at: "credentials.developer_token",
            label: "Developer token",
          },
          {
            at: "credentials.client_id",
            label: "Client ID",
            plain: true,
            check: [/\.apps\.googleusercontent\.com$/, "A client ID ends in .apps.googleusercontent.com."],
          },
          { at: "credentials.client_secret", label: "Client secret" },
          {
            at: "credentials.refresh_token",
            label: "Refresh token",
            check: [/^1\/\/.+/, "A refresh token begins with 1//."],
          },
        ],
      },
    ],
    scopes: [
      {
        name: "https://www.googleapis.com/auth/adwords",
        why: "Spend, impressions, clicks and conversions. Google has no read-only permission; Pulsepoint only reads.",
      },
    ],
    settings: [
      {
        at: "settings.login_customer_id",
        label: "Manager account",
        placeholder: "123-456-7890",
        optional: true,
        help: "Needed where your access goes through a manager account.",
        plain: true,
        check: [/^\d{3}-?\d{3}-?\d{4}$/, "A customer number has ten digits."],
      },
      {
        at: "settings.customers",
        label: "Accounts",
        placeholder: "123-456-7890, …",
        optional: true,
        help: "Leave it empty for all that can be seen.",
        plain: true,
        check: [/^\d{3}-?\d{3}-?\d{4}([\s,]+\d{3}-?\d{3}-?\d{4})*$/, "Customer numbers, with commas between them."],
      },
    ],
    history: [730, 365, 90, null],
  },
};
