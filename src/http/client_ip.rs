//! Who is calling: the peer's address, or, behind a trusted proxy alone, the rightmost hop that is not trusted.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::http::HeaderMap;

/// The peer of a connection, put on each request by the accept loop.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Put on each request of an encrypted connection by the accept loop.
#[derive(Clone, Copy, Debug)]
pub struct Encrypted;

/// The client's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientIp(pub IpAddr);

/// What limits count by: an IPv4 address, or the /64 of an IPv6 address, for whoever has one has all of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct AddressKey(u128);

impl ClientIp {
    /// For requests made inside the process.
    pub fn unknown() -> Self {
        Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }

    /// The key that limits count by.
    pub fn key(self) -> AddressKey {
        match self.0.to_canonical() {
            IpAddr::V4(v4) => AddressKey(v4.to_ipv6_mapped().to_bits()),
            IpAddr::V6(v6) => AddressKey(v6.to_bits() & !u128::from(u64::MAX)),
        }
    }
}

impl fmt::Display for ClientIp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Networks whose word on forwarded addresses counts.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<(u128, u8)>);

impl TrustedProxies {
    /// Reads addresses and networks (`10.0.0.0/8`, `::1`); the first one that is neither comes back as the error.
    pub fn parse<'a>(list: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        list.into_iter()
            .map(|text| network(text.trim()).ok_or_else(|| text.to_owned()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether an address is a proxy we trust.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let bits = as_bits(ip);
        self.0.iter().any(|(net, len)| (bits ^ net) & mask(*len) == 0)
    }

    /// The client behind `peer`. Unless the peer is trusted, headers are not even read.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientIp {
        if self.0.is_empty() || !self.contains(peer) {
            return ClientIp(peer.to_canonical());
        }
        let mut nearest = peer;
        for line in headers.get_all("x-forwarded-for").iter().rev() {
            for hop in line.to_str().unwrap_or("").rsplit(',') {
                let Some(ip) = hop_address(hop.trim()) else { return ClientIp(nearest.to_canonical()) };
                nearest = ip;
                if !self.contains(ip) {
                    return ClientIp(ip.to_canonical());
                }
            }
        }
        ClientIp(nearest.to_canonical())
    }
}

fn network(text: &str) -> Option<(u128, u8)> {
    let (address, len) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
    let ip: IpAddr = address.parse().ok()?;
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let len: u8 = len.map_or(Some(most), |l| l.parse().ok().filter(|l| *l <= most))?;
    Some((as_bits(ip), if ip.is_ipv4() { 96 + len } else { len }))
}

fn hop_address(hop: &str) -> Option<IpAddr> {
    hop.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|s| s.ip()))
}

fn as_bits(ip: IpAddr) -> u128 {
    match ip.to_canonical() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => Ipv6Addr::to_bits(v6),
    }
}

fn mask(len: u8) -> u128 {
    if len == 0 { 0 } else { u128::MAX << (128 - u32::from(len)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forwarded(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|l| ("x-forwarded-for".parse().unwrap(), l.parse().unwrap())).collect()
    }

    #[test]
    fn a_stranger_may_claim_what_it_likes() {
        let peer: IpAddr = "203.0.113.7".parse().unwrap();
        let trusted = TrustedProxies::parse(["10.0.0.0/8"]).unwrap();
        assert_eq!(trusted.client(peer, &forwarded(&["1.2.3.4"])).0, peer);
        assert_eq!(TrustedProxies::default().client(peer, &forwarded(&["1.2.3.4"])).0, peer);
    }

    #[test]
    fn behind_a_proxy_the_rightmost_untrusted_hop_counts() {
        let trusted = TrustedProxies::parse(["10.0.0.0/8", "::1"]).unwrap();
        let peer = "10.1.1.1".parse().unwrap();
        for (lines, client) in [
            (vec!["9.9.9.9, 203.0.113.7"], "203.0.113.7"),
            (vec!["9.9.9.9", "203.0.113.7, 10.2.2.2"], "203.0.113.7"),
            (vec!["203.0.113.7:4711"], "203.0.113.7"),
            (vec!["9.9.9.9, garbage, 10.2.2.2"], "10.2.2.2"),
            (vec![], "10.1.1.1"),
        ] {
            assert_eq!(trusted.client(peer, &forwarded(&lines)).to_string(), client, "{lines:?}");
        }
        assert!(TrustedProxies::parse(["10.0.0.0/33"]).is_err());
    }

    #[test]
    fn a_slash_64_is_one_caller() {
        let key = |text: &str| ClientIp(text.parse().unwrap()).key();
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:1.2.3.4"), key("1.2.3.4"));
        assert_ne!(key("1.2.3.4"), key("1.2.3.5"));
    }
}
