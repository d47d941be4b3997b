//! Where somebody came from and what they saw first, out of two addresses: without anything that may name a person. Of an address stay
//! its path, its `utm_` values and the kind of its click id, of the one before its host.

use url::Url;

/// Characters of a value.
const LONGEST: usize = 150;
/// Characters of a path.
const LONGEST_PATH: usize = 200;
/// Longer addresses are not read.
const LONGEST_ADDRESS: usize = 4_096;

/// Click ids by which platforms know their own clicks. Only which of them it was is kept.
const CLICK_IDS: [&str; 10] =
    ["gclid", "gbraid", "wbraid", "dclid", "fbclid", "ttclid", "msclkid", "epik", "sccid", "twclid"];

/// Whoever comes back from paying came from where they came before.
const PAYMENT: [&str; 9] = [
    "checkout.shopify.com",
    "shop.app",
    "pay.shopify.com",
    "paypal.com",
    "stripe.com",
    "klarna.com",
    "afterpay.com",
    "adyen.com",
    "mollie.com",
];

/// One coming from somewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arrival {
    /// `utm_source`, lower case.
    pub source: Option<String>,
    /// `utm_medium`, lower case.
    pub medium: Option<String>,
    /// `utm_campaign`.
    pub campaign: Option<String>,
    /// `utm_term`; by custom the ad set.
    pub term: Option<String>,
    /// `utm_content`; by custom the ad.
    pub content: Option<String>,
    /// `gclid`, `fbclid` …
    pub click_id: Option<String>,
    /// Host of the page before, where that was another's.
    pub referrer: Option<String>,
    /// Path of the page, numbers and tokens in it masked.
    pub landing_page: Option<String>,
}

impl Arrival {
    /// From the address of the page, whole or from the root on, and of the page before.
    pub fn of(page: &str, before: Option<&str>) -> Self {
        let mut arrival = Self::default();
        let page = address(page);
        if let Some(page) = &page {
            arrival.landing_page = Some(path(page));
            for (name, value) in page.query_pairs().take(100) {
                arrival.take(&name.to_ascii_lowercase(), &value);
            }
        }
        let own = page.as_ref().and_then(host);
        arrival.referrer = before.and_then(address).as_ref().and_then(host).filter(|host| counts(host, own.as_deref()));
        arrival
    }

    /// The same, with what a source read out of the address itself where the address does not say.
    pub fn or_utm(mut self, name: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.take(name, value);
        }
        self
    }

    fn take(&mut self, name: &str, value: &str) {
        let kept = match name {
            "utm_source" => &mut self.source,
            "utm_medium" => &mut self.medium,
            "utm_campaign" => &mut self.campaign,
            "utm_term" => &mut self.term,
            "utm_content" => &mut self.content,
            _ => {
                let known = CLICK_IDS.iter().find(|known| **known == name);
                if let Some(known) = known.filter(|_| self.click_id.is_none() && !value.is_empty()) {
                    self.click_id = Some((*known).to_owned());
                }
                return;
            }
        };
        if kept.is_none() {
            let value = clean(value);
            *kept = if matches!(name, "utm_source" | "utm_medium") { value.map(|v| v.to_lowercase()) } else { value };
        }
    }

    /// Nothing tells where from.
    pub fn is_direct(&self) -> bool {
        [&self.source, &self.medium, &self.campaign, &self.term, &self.content, &self.click_id, &self.referrer]
            .iter()
            .all(|field| field.is_none())
    }

    /// Whether it is the same coming, wherever it led to.
    pub fn is_like(&self, other: &Self) -> bool {
        Self { landing_page: None, ..self.clone() } == Self { landing_page: None, ..other.clone() }
    }
}

/// An address without what may name a person: what may be kept of an answer.
pub fn redacted(text: &str) -> Option<String> {
    let page = address(text)?;
    let mut bare = Url::parse("https://unknown.invalid/").ok()?;
    if page.host_str() != bare.host_str() {
        bare.set_host(Some(&host(&page)?)).ok()?;
    }
    bare.set_path(&path(&page));
    let arrival = Arrival::of(text, None);
    let kept = [
        ("utm_source", &arrival.source),
        ("utm_medium", &arrival.medium),
        ("utm_campaign", &arrival.campaign),
        ("utm_term", &arrival.term),
        ("utm_content", &arrival.content),
    ];
    for (name, value) in kept {
        if let Some(value) = value {
            bare.query_pairs_mut().append_pair(name, value);
        }
    }
    if let Some(click) = &arrival.click_id {
        bare.query_pairs_mut().append_pair(click, "1");
    }
    Some(bare.into())
}

/// A value as it is kept: one line, not too long, and no e-mail address.
pub fn clean(text: &str) -> Option<String> {
    let is_unseen =
        |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}');
    let shown: String = text.chars().take(4 * LONGEST).filter(|c| !is_unseen(*c)).take(LONGEST).collect();
    let shown = shown.trim();
    (!shown.is_empty() && !shown.contains('@')).then(|| shown.to_owned())
}

fn address(text: &str) -> Option<Url> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST_ADDRESS {
        return None;
    }
    let url = match text.starts_with('/') && !text.starts_with("//") {
        true => Url::parse("https://unknown.invalid").ok()?.join(text).ok()?,
        false => Url::parse(text).ok()?,
    };
    matches!(url.scheme(), "http" | "https").then_some(url)
}

fn host(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    // A number names a machine, and maybe somebody's.
    let is_name = matches!(url.host(), Some(url::Host::Domain(_))) && host.len() <= 100;
    is_name.then(|| host.to_owned())
}

/// Whether a page before tells anything: it is not of the shop itself, nor of who took the money.
fn counts(host: &str, own: Option<&str>) -> bool {
    let is_of = |parent: &str| host == parent || host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'));
    let is_own = own.is_some_and(|own| is_of(own) || own.strip_suffix(host).is_some_and(|rest| rest.ends_with('.')));
    !is_own && host != "unknown.invalid" && !PAYMENT.iter().any(|payment| is_of(payment))
}

/// The path, with `*` for every part that may lead to one person or one order.
fn path(url: &Url) -> String {
    let mut kept = String::new();
    for part in url.path().split('/').skip(1) {
        let part = if names_somebody(part) { "*" } else { part };
        if kept.len() + part.len() >= LONGEST_PATH {
            break;
        }
        kept.push('/');
        kept.push_str(part);
    }
    if kept.is_empty() { "/".to_owned() } else { kept }
}

fn names_somebody(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let word = part.split(['-', '_', '.']).map(str::len).max().unwrap_or(0);
    let is_number = digits >= 6 && digits * 2 >= part.len();
    let is_token = word >= 20 || word >= 12 && digits >= 3;
    let has_address = part.contains('@') || part.to_ascii_lowercase().contains("%40");
    is_number || is_token || has_address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_campaign_and_nothing_of_the_person() {
        let page = "https://www.shop.example/products/tote?utm_source=Klaviyo&utm_medium=Email&utm_campaign=Welcome%20Flow\
                    &email=ann%40shop.example&gclid=Cj0abc&utm_content=ann@shop.example#x";
        let arrival = Arrival::of(page, Some("https://mail.google.com/mail/u/0/?q=ann"));
        assert_eq!(arrival.source.as_deref(), Some("klaviyo"));
        assert_eq!(arrival.medium.as_deref(), Some("email"));
        assert_eq!(arrival.campaign.as_deref(), Some("Welcome Flow"));
        assert_eq!(arrival.content, None, "an address is nobody's campaign");
        assert_eq!(arrival.click_id.as_deref(), Some("gclid"));
        assert_eq!(arrival.referrer.as_deref(), Some("mail.google.com"));
        assert_eq!(arrival.landing_page.as_deref(), Some("/products/tote"));
        let kept = redacted(page).unwrap();
        assert!(!kept.contains("ann") && !kept.contains("Cj0abc") && kept.contains("utm_source=klaviyo"), "{kept}");
        assert_eq!(Arrival::of(&kept, None).click_id.as_deref(), Some("gclid"), "what is kept says the same");
    }

    #[test]
    fn paths_lead_to_nobody() {
        for (page, kept) in [
            ("/", "/"),
            ("/collections/linen-range?x=1", "/collections/linen-range"),
            ("/63254396/orders/5f2e1d0c9b8a76543210fedcba987654/authenticate?key=s", "/*/orders/*/authenticate"),
            ("/account/ann@shop.example", "/account/*"),
            ("/account/ann%40shop.example/x", "/account/*/x"),
            ("https://shop.example/pages/size-guide-2026", "/pages/size-guide-2026"),
        ] {
            assert_eq!(Arrival::of(page, None).landing_page.as_deref(), Some(kept), "{page}");
        }
    }

    #[test]
    fn what_is_hostile_is_bounded_and_what_is_ones_own_is_no_referrer() {
        let long = format!("/?utm_source={}&utm_campaign=%00%0a%e2%80%ae&UTM_MEDIUM=cpc", "x".repeat(3_000));
        let arrival = Arrival::of(&long, Some("javascript:alert(1)"));
        assert_eq!(arrival.source.as_ref().map(String::len), Some(LONGEST));
        assert_eq!((arrival.campaign, arrival.medium.as_deref(), arrival.referrer), (None, Some("cpc"), None));
        for before in
            ["https://shop.example/x", "https://www.shop.example", "https://paypal.com/x", "https://203.0.113.7/"]
        {
            assert!(Arrival::of("https://shop.example/", Some(before)).is_direct(), "{before}");
        }
        assert!(!Arrival::of("https://shop.example/", Some("https://othershop.example/")).is_direct());
        assert_eq!(Arrival::of(&"/".repeat(9_000), None), Arrival::default());
    }
}
