//! Which addresses may be asked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use url::{Host, Url};

/// Whether this process asks nobody but this machine.
static OFFLINE: AtomicBool = AtomicBool::new(false);

/// From now on nothing but this machine is asked, whatever else the settings name: `offline = true`. It holds for the whole process,
/// so that no caller can forget it.
pub fn stay_offline() {
    OFFLINE.store(true, Ordering::Relaxed);
}

/// Which addresses may be asked on whose behalf: the host that the operator named may lie in their own network; whatever it points
/// to elsewhere has to be on the public internet. This machine is only asked when the operator named it.
#[derive(Clone, Debug)]
pub struct Allowed {
    pub(super) reach: Reach,
    /// What sends, once something was sent.
    pub(super) client: Arc<OnceLock<reqwest::Client>>,
}

/// The rules alone.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    host: String,
    loopback: bool,
    /// Whether the host may be asked without encryption, in the operator's own network.
    plain: bool,
    offline: bool,
}

/// An address that a name leads to and that may not be asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotAllowed(pub(super) &'static str);

impl Allowed {
    /// What an address that the operator wrote into the settings allows.
    ///
    /// # Errors
    /// A sentence, where it is no `https://` address; `http://` is for this machine (127.0.0.1, ::1, localhost). So it is for an
    /// address elsewhere with `offline = true`.
    pub fn by(named: &Url) -> Result<Self, String> {
        Self::new(named, false)
    }

    /// The same, where the operator also said that the host may be asked without encryption: if it lies in a private network.
    pub fn by_plain(named: &Url) -> Result<Self, String> {
        Self::new(named, true)
    }

    /// What an address that somebody other than the operator named allows: the public internet, encrypted.
    ///
    /// # Errors
    /// A sentence, where it is no `https://` address or names a place that is not public.
    pub fn public(named: &Url) -> Result<Self, String> {
        let reach = Self::by(named)?.reach;
        if reach.loopback {
            return Err("is this machine's".to_owned());
        }
        if !named.username().is_empty() || named.password().is_some() {
            return Err("holds a name or password".to_owned());
        }
        let ip = match named.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            _ => None,
        };
        if ip.is_some_and(|ip| !matches!(kind(ip.to_canonical()), Kind::Public)) {
            return Err("is not on the public internet".to_owned());
        }
        // No host is its own: a name that leads into a private network is refused, too.
        Ok(Self { reach: Reach { host: String::new(), ..reach }, client: Arc::default() })
    }

    fn new(named: &Url, plain: bool) -> Result<Self, String> {
        let reach = Reach::new(named, plain, OFFLINE.load(Ordering::Relaxed))?;
        Ok(Self { reach, client: Arc::default() })
    }
}

impl Reach {
    fn new(named: &Url, plain: bool, offline: bool) -> Result<Self, String> {
        let host = named.host_str().ok_or("has no host")?.to_owned();
        let loopback = is_this_machine(named);
        match named.scheme() {
            "https" => {}
            "http" if loopback || plain => {}
            _ => return Err("is no https:// address (http:// is for this machine alone)".to_owned()),
        }
        if offline && !loopback {
            return Err("is not this machine, and offline = true allows nothing else".to_owned());
        }
        Ok(Self { host, loopback, plain: plain && named.scheme() == "http", offline })
    }

    /// Whether a URL may be asked as far as it tells by itself.
    pub(super) fn may_ask(&self, url: &Url) -> Result<(), &'static str> {
        match url.scheme() {
            "https" => Ok(()),
            "http" if url.host_str().is_some_and(|host| self.is_plain(host)) => Ok(()),
            _ => Err("it is not encrypted"),
        }
    }

    /// Whether this address of a host may be asked.
    pub(super) fn may_reach(&self, host: &str, ip: IpAddr) -> Result<(), &'static str> {
        let ip = ip.to_canonical();
        if ip.is_loopback() {
            return if self.loopback { Ok(()) } else { Err("it is this machine") };
        }
        if self.offline {
            return Err("offline = true allows this machine alone");
        }
        let own = host == self.host;
        match kind(ip) {
            Kind::Private if own => Ok(()),
            Kind::Private => Err("it lies in a private network"),
            Kind::Never => Err("it is no address of a server"),
            // Whoever says http:// to a name means what is near.
            Kind::Public if self.is_plain(host) => Err("it is not encrypted"),
            Kind::Public => Ok(()),
        }
    }

    fn is_plain(&self, host: &str) -> bool {
        let near = self.loopback && Url::parse(&format!("http://{host}")).is_ok_and(|url| is_this_machine(&url));
        near || (self.plain && host == self.host)
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(domain)) => domain == "localhost",
        None => false,
    }
}

enum Kind {
    Public,
    Private,
    Never,
}

fn kind(ip: IpAddr) -> Kind {
    match ip {
        IpAddr::V4(ip) => kind_v4(ip),
        IpAddr::V6(ip) => kind_v6(ip),
    }
}

fn kind_v4(ip: Ipv4Addr) -> Kind {
    let [a, b, c, _] = ip.octets();
    match (a, b, c) {
        _ if ip.is_private() => Kind::Private,
        // Shared by the customers of a provider.
        (100, 64..=127, _) => Kind::Private,
        _ if ip.is_loopback() || ip.is_link_local() || ip.is_multicast() || ip.is_broadcast() => Kind::Never,
        (0 | 240..=255, ..) | (192, 0, 0) | (198, 18..=19, _) => Kind::Never,
        _ if ip.is_documentation() => Kind::Never,
        _ => Kind::Public,
    }
}

fn kind_v6(ip: Ipv6Addr) -> Kind {
    let segments = ip.segments();
    if ip.is_unique_local() {
        return Kind::Private;
    }
    // Those that stand for an address of the older kind: mapped, by a translator, by a tunnel.
    let older = match segments {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some((segments[6], segments[7])),
        [0x2002, high, low, ..] => Some((high, low)),
        _ => None,
    };
    if let Some((high, low)) = older {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        return match kind_v4(Ipv4Addr::new(a, b, c, d)) {
            Kind::Public => Kind::Public,
            _ => Kind::Never,
        };
    }
    match segments[0] {
        // The documentation's, and what is not global unicast.
        0x2001 if segments[1] == 0xdb8 => Kind::Never,
        0x2000..=0x3fff => Kind::Public,
        _ => Kind::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn by(reach: &Reach, asked: &str, ip: &str) -> bool {
        let asked = url(asked);
        reach.may_ask(&asked).and_then(|()| reach.may_reach(asked.host_str().unwrap(), ip.parse().unwrap())).is_ok()
    }

    fn may(named: &str, asked: &str, ip: &str) -> bool {
        by(&Reach::new(&url(named), false, false).unwrap(), asked, ip)
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        for bad in ["http://id.example", "ftp://id.example", "http://10.0.0.7", "http://localhost.example", "data:,x"] {
            assert!(Allowed::by(&url(bad)).is_err(), "{bad}");
        }
        assert!(may("http://127.0.0.1:9", "http://127.0.0.1:10/x", "127.0.0.1"));
        assert!(may("http://localhost:9", "http://localhost:10/x", "::1"));
        assert!(!may("http://localhost:9", "http://id.example/", "203.0.112.1"), "not to elsewhere");
        assert!(!may("https://id.example", "http://id.example/", "9.9.9.9"));
    }

    #[test]
    fn what_a_provider_points_to_is_public_or_its_own() {
        let named = "https://id.example";
        assert!(may(named, "https://keys.example/jwks", "9.9.9.9"));
        assert!(may(named, "https://keys.example/jwks", "2620:fe::fe"));
        assert!(may(named, "https://id.example/token", "10.1.2.3"), "the operator's own network");
        assert!(may(named, "https://id.example/token", "fd00::7"));
        for ip in [
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "169.254.169.254",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.2.1",
            "240.0.0.1",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "2001:db8::1",
            "fec0::1",
        ] {
            assert!(!may(named, "https://keys.example/jwks", ip), "{ip}");
        }
        for ip in ["169.254.169.254", "127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "fe80::1"] {
            assert!(!may(named, "https://id.example/token", ip), "{ip} is not even the operator's");
        }
    }

    #[test]
    fn plain_http_that_was_asked_for_stays_in_the_own_network() {
        let plain = |named: &str| Reach::new(&url(named), true, false).unwrap();
        assert!(by(&plain("http://store.lan:9000"), "http://store.lan:9000/b", "10.1.2.3"));
        assert!(by(&plain("http://10.0.0.7:9000"), "http://10.0.0.7:9000/b", "10.0.0.7"));
        assert!(!by(&plain("http://store.lan:9000"), "http://store.lan:9000/b", "9.9.9.9"), "over the internet");
        assert!(!by(&plain("http://store.lan:9000"), "http://other.lan/b", "10.1.2.3"), "another host");
        assert!(!by(&plain("http://store.lan:9000"), "http://store.lan:9000/b", "169.254.169.254"));
        assert!(!by(&plain("http://store.lan:9000"), "http://store.lan:9000/b", "127.0.0.1"));
        assert!(!by(&plain("https://store.lan"), "http://store.lan/b", "10.1.2.3"), "https stays https");
        assert!(Reach::new(&url("ftp://store.lan"), true, false).is_err());
    }

    #[test]
    fn offline_leaves_this_machine_alone() {
        for far in ["https://id.example", "https://10.0.0.7", "https://localhost.example"] {
            assert!(Reach::new(&url(far), false, true).unwrap_err().contains("offline"), "{far}");
        }
        for named in ["http://127.0.0.1:9", "https://localhost:9", "http://[::1]:9"] {
            let here = Reach::new(&url(named), false, true).unwrap();
            assert!(by(&here, "https://localhost/x", "127.0.0.1") && by(&here, "http://[::1]/x", "::1"));
            assert!(!by(&here, "https://id.example/x", "9.9.9.9") && !by(&here, "https://localhost/x", "10.0.0.1"));
        }
    }
}
