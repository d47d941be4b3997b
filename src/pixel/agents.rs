//! What a user agent says of itself: whether it is a machine, and which kind of device. The text itself is kept nowhere.

/// In the names of machines that say so, lower case.
const MACHINES: [&str; 36] = [
    "bot",
    "crawl",
    "spider",
    "slurp",
    "headless",
    "lighthouse",
    "pagespeed",
    "gtmetrix",
    "pingdom",
    "uptime",
    "monitor",
    "preview",
    "scrap",
    "fetch",
    "python",
    "curl",
    "wget",
    "libwww",
    "httpclient",
    "http-client",
    "okhttp",
    "java/",
    "go-http",
    "ruby",
    "perl",
    "axios",
    "node",
    "postman",
    "phantom",
    "selenium",
    "puppeteer",
    "playwright",
    "cypress",
    "facebookexternalhit",
    "archiver",
    "scan",
];
/// Longer ones are nobody's browser.
const LONGEST: usize = 1_000;

/// Whether nobody looks at the page: a browser always has a name.
pub fn is_machine(agent: &str) -> bool {
    let agent = agent.trim();
    if agent.len() < 20 || agent.len() > LONGEST {
        return true;
    }
    let agent = agent.to_ascii_lowercase();
    MACHINES.iter().any(|name| agent.contains(name))
}

/// `mobile`, `desktop` or `tablet`.
pub fn device(agent: &str) -> Option<&'static str> {
    let has = |part: &str| agent.contains(part);
    if has("iPad") || has("Tablet") || has("Android") && !has("Mobile") {
        return Some("tablet");
    }
    if has("Mobi") || has("iPhone") || has("Android") {
        return Some("mobile");
    }
    (has("Windows") || has("Macintosh") || has("Linux") || has("CrOS")).then_some("desktop")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_have_devices_and_machines_are_known() {
        const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                             Version/18.0 Mobile/15E148 Safari/604.1";
        const DESK: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 \
                            Safari/537.36";
        const TABLET: &str =
            "Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36";
        for (agent, kind) in [(PHONE, "mobile"), (DESK, "desktop"), (TABLET, "tablet")] {
            assert!(!is_machine(agent), "{agent}");
            assert_eq!(device(agent), Some(kind));
        }
        for agent in [
            "",
            "x",
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/140.0.0.0 Safari/537.36",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            &"Mozilla/5.0 (Windows NT 10.0) ".repeat(100),
        ] {
            assert!(is_machine(agent), "{agent}");
        }
    }
}
