//! Which channel a coming to the shop is: rules that are data, those of `assets/channels.toml` unless a brand has its own.

pub mod routes;
mod store;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::commerce::Arrival;
use crate::error::{Error, Result};

pub use store::{of_brand, put};

/// What tells nothing of where it came from.
pub const DIRECT: &str = "direct";

const TEXT: &str = include_str!("../../assets/channels.toml");
/// Bounds of a brand's own rules: every touch asks them all.
const MOST_RULES: usize = 200;
const MOST_PATTERNS: usize = 200;
const LONGEST_PATTERN: usize = 100;

/// The rules that are compiled in. That they can be read is proven by a test, so a failure here cannot reach a user.
static USUAL: LazyLock<Rules> = LazyLock::new(|| toml::from_str(TEXT).unwrap_or_default());

/// Rules, the first that fits first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChannelRules)]
pub struct Rules {
    /// The channel of what fits none.
    pub otherwise: String,
    #[serde(rename = "rules", alias = "rule")]
    pub rules: Vec<Rule>,
}

/// A channel and what makes a coming one of it: every condition that has patterns must fit with one of them. Patterns are lower case,
/// whole, with `*` for anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ChannelRule)]
pub struct Rule {
    /// Like `meta`, `google`, `email`.
    pub channel: String,
    /// Of `utm_source`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub source: Vec<String>,
    /// Of `utm_medium`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub medium: Vec<String>,
    /// Of `utm_campaign`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub campaign: Vec<String>,
    /// Of the kind of the click id: `gclid`, `fbclid`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub click_id: Vec<String>,
    /// Of the host of the page before, or of a domain above it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub referrer: Vec<String>,
}

/// What decides on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// Nothing is told of where it came from.
    Direct,
    /// The rule at this place.
    Rule(usize),
    /// None of the rules fits.
    Otherwise,
}

impl Rules {
    /// Those that hold unless a brand has its own.
    pub fn usual() -> &'static Self {
        &USUAL
    }

    /// The channel of a coming.
    pub fn channel<'a>(&'a self, arrival: &Arrival) -> &'a str {
        match self.decided(arrival) {
            Decided::Direct => DIRECT,
            Decided::Rule(at) => &self.rules[at].channel,
            Decided::Otherwise => &self.otherwise,
        }
    }

    /// What decides on the channel of a coming.
    pub fn decided(&self, arrival: &Arrival) -> Decided {
        if arrival.is_direct() {
            return Decided::Direct;
        }
        self.rules.iter().position(|rule| rule.fits(arrival)).map_or(Decided::Otherwise, Decided::Rule)
    }

    /// Rules that somebody sent, in their own form.
    ///
    /// # Errors
    /// `Invalid` with the field at fault.
    pub fn checked(mut self) -> Result<Self> {
        check_channel("otherwise", &self.otherwise)?;
        if self.rules.len() > MOST_RULES {
            return Err(Error::invalid("rules", format!("A brand has at most {MOST_RULES} rules.")));
        }
        for (at, rule) in self.rules.iter_mut().enumerate() {
            check_channel(&format!("rules[{at}].channel"), &rule.channel)?;
            let mut any = false;
            let lists =
                [&mut rule.source, &mut rule.medium, &mut rule.campaign, &mut rule.click_id, &mut rule.referrer];
            for (name, list) in ["source", "medium", "campaign", "click_id", "referrer"].into_iter().zip(lists) {
                check_patterns(&format!("rules[{at}].{name}"), list)?;
                any |= !list.is_empty();
            }
            if !any {
                let reason = "A rule has at least one condition; what fits no rule is otherwise.";
                return Err(Error::invalid(format!("rules[{at}]"), reason));
            }
        }
        Ok(self)
    }
}

fn check_channel(field: &str, name: &str) -> Result<()> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    if name.is_empty() || name.len() > 40 || !name.chars().all(is_plain) {
        let reason = "A channel has 1 to 40 lower-case letters, digits, \u{201c}_\u{201d} or \u{201c}-\u{201d}.";
        return Err(Error::invalid(field, reason));
    }
    Ok(())
}

fn check_patterns(field: &str, list: &mut [String]) -> Result<()> {
    if list.len() > MOST_PATTERNS {
        return Err(Error::invalid(field, format!("A condition has at most {MOST_PATTERNS} patterns.")));
    }
    for pattern in list {
        *pattern = pattern.trim().to_lowercase();
        let length = pattern.chars().count();
        if length == 0 || length > LONGEST_PATTERN || pattern.chars().any(char::is_control) {
            let reason = format!("A pattern has 1 to {LONGEST_PATTERN} characters, none a control character.");
            return Err(Error::invalid(field, reason));
        }
    }
    Ok(())
}

impl Rule {
    fn fits(&self, arrival: &Arrival) -> bool {
        let conditions = [
            (&self.source, &arrival.source),
            (&self.medium, &arrival.medium),
            (&self.campaign, &arrival.campaign),
            (&self.click_id, &arrival.click_id),
        ];
        conditions.iter().all(|(patterns, value)| patterns.is_empty() || any(patterns, value.as_deref()))
            && (self.referrer.is_empty() || is_from(&self.referrer, arrival.referrer.as_deref()))
    }
}

fn any(patterns: &[String], value: Option<&str>) -> bool {
    let Some(value) = value else { return false };
    let value = value.to_lowercase();
    patterns.iter().any(|pattern| is_like(pattern, &value))
}

/// A host, or a domain that it lies in.
fn is_from(patterns: &[String], host: Option<&str>) -> bool {
    let mut rest = host;
    while let Some(domain) = rest {
        if patterns.iter().any(|pattern| is_like(pattern, domain)) {
            return true;
        }
        rest = domain.split_once('.').map(|(_, above)| above);
    }
    false
}

/// Whether a text is as a pattern says. Each star takes as little as it can, which suffices: time is the product of both lengths.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(page: &str, before: Option<&str>) -> &'static str {
        Rules::usual().channel(&Arrival::of(page, before))
    }

    #[test]
    fn usual_rules_are_sound_and_know_the_field() {
        let read: Rules = toml::from_str(TEXT).expect("assets/channels.toml");
        assert_eq!(read.clone().checked().unwrap(), read, "as they would be stored");
        for (page, before, channel) in [
            ("/", None, "direct"),
            ("/?gclid=1", None, "google"),
            ("/?gbraid=1", None, "google"),
            ("/?wbraid=1", Some("https://www.google.com/"), "google"),
            ("/?fbclid=1", Some("https://l.facebook.com/"), "meta"),
            ("/?ttclid=1", None, "tiktok"),
            ("/?utm_source=Klaviyo&utm_medium=email&utm_campaign=Welcome+Flow", None, "email"),
            ("/?utm_source=newsletter&utm_medium=email&fbclid=1", None, "email"),
            ("/?utm_medium=sms", None, "sms"),
            ("/?utm_source=awin&utm_medium=affiliate", None, "affiliate"),
            ("/?utm_source=google&utm_medium=cpc&utm_campaign=Brand+Search", None, "google"),
            ("/?utm_source=google&utm_medium=organic", None, "organic"),
            ("/?utm_source=google&utm_medium=product_sync&gclid=1", None, "organic"),
            ("/?utm_source=ig&utm_medium=paid_social", None, "meta"),
            ("/", Some("https://www.google.co.uk/"), "organic"),
            ("/", Some("https://search.yahoo.com/x"), "organic"),
            ("/", Some("https://mail.google.com/"), "email"),
            ("/", Some("https://blog.example/post"), "referral"),
            ("/", Some("https://notgoogle.com.evil.example/"), "referral"),
            ("/?utm_source=metal&utm_medium=banner", None, "referral"),
        ] {
            assert_eq!(of(page, before), channel, "{page} {before:?}");
        }
    }

    #[test]
    fn a_star_is_anything() {
        for (pattern, text, fits) in [
            ("google*", "google", true),
            ("google*", "google-ads", true),
            ("*ads", "google ads", true),
            ("a*b*c", "a1b2b3c", true),
            ("a*b*c", "a1c", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("eta", "theta", false),
        ] {
            assert_eq!(is_like(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_no_rule_is_told_where() {
        let rule = Rule { channel: "meta".into(), source: vec![" FB ".into()], ..Rule::default() };
        let rules = |rule: Rule| Rules { otherwise: "referral".into(), rules: vec![rule] };
        assert_eq!(rules(rule.clone()).checked().unwrap().rules[0].source, ["fb"]);
        for (wrong, field) in [
            (Rule { channel: "Meta!".into(), ..rule.clone() }, "rules[0].channel"),
            (Rule { source: vec!["\u{7}".into()], ..rule.clone() }, "rules[0].source"),
            (Rule { source: Vec::new(), ..rule }, "rules[0]"),
        ] {
            let Err(Error::Invalid { field: Some(told), .. }) = rules(wrong).checked() else { panic!("taken") };
            assert_eq!(told, field);
        }
    }
}
