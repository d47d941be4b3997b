//! Which addresses may be asked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Which addresses may be asked on whose behalf: the host that the operator named may lie in their own network; whatever it points
/// to elsewhere has to be on the public internet. This machine is only asked when the operator named it.
#[derive(Clone, Debug)]
pub struct Allowed {
    host: String,
    loopback: bool,
}

impl Allowed {
    /// What an address that the operator wrote into the settings allows.
    ///
    /// # Errors
    /// A sentence, where it is no `https://` address; `http://` is for this machine (127.0.0.1, ::1, localhost).
    pub fn by(named: &Url) -> Result<Self, String> {
        let host = named.host_str().ok_or("has no host")?.to_owned();
        let loopback = match named.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(domain)) => domain == "localhost",
            None => false,
        };
        match named.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err("is no https:// address (http:// is for this machine alone)".to_owned()),
        }
        Ok(Self { host, loopback })
    }

    /// What an address that somebody other than the operator named allows: the public internet, encrypted.
    ///
    /// # Errors
    /// A sentence, where it is no `https://` address or names a place that is not public.
    pub fn public(named: &Url) -> Result<Self, String> {
        let allowed = Self::by(named)?;
        if allowed.loopback {
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
        Ok(Self { host: String::new(), loopback: false })
    }

    /// Whether this address of a URL's host may be asked.
    pub(super) fn check(&self, url: &Url, ip: IpAddr) -> Result<(), &'static str> {
        let ip = ip.to_canonical();
        match url.scheme() {
            "https" => {}
            "http" if self.loopback && ip.is_loopback() => {}
            _ => return Err("it is not encrypted"),
        }
        if ip.is_loopback() {
            return if self.loopback { Ok(()) } else { Err("it is this machine") };
        }
        let own = url.host_str() == Some(self.host.as_str());
        match kind(ip) {
            Kind::Public => Ok(()),
            Kind::Private if own => Ok(()),
            Kind::Private => Err("it lies in a private network"),
            Kind::Never => Err("it is no address of a server"),
        }
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

    fn may(named: &str, asked: &str, ip: &str) -> bool {
        Allowed::by(&url(named)).unwrap().check(&url(asked), ip.parse().unwrap()).is_ok()
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
}
