//! How many connections one address may have open, so that it cannot take the places of all others.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::{AddressKey, ClientIp, TrustedProxies};

/// Connections open, by address. Cheap to clone.
#[derive(Clone)]
pub(super) struct Places(Arc<Inner>);

struct Inner {
    /// 0 is no limit.
    most: usize,
    exempt: TrustedProxies,
    taken: Mutex<HashMap<AddressKey, usize>>,
}

/// One connection's place, until it is dropped. None is counted for those behind whom stands everybody.
pub(super) struct Place(Option<(Places, AddressKey)>);

impl Places {
    /// `most` for each address but this machine itself and `exempt`.
    pub(super) fn new(most: usize, exempt: TrustedProxies) -> Self {
        Self(Arc::new(Inner { most, exempt, taken: Mutex::default() }))
    }

    /// A place for one more connection of `peer`, if it may have one.
    pub(super) fn take(&self, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        if self.0.most == 0 || peer.is_loopback() || self.0.exempt.contains(peer) {
            return Some(Place(None));
        }
        let key = ClientIp(peer).key();
        let mut taken = self.taken();
        let count = taken.entry(key).or_default();
        if *count >= self.0.most {
            return None;
        }
        *count += 1;
        Some(Place(Some((self.clone(), key))))
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<AddressKey, usize>> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((places, key)) = self.0.take() else { return };
        let mut taken = places.taken();
        if let Some(count) = taken.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        Places::new(2, TrustedProxies::parse(["10.0.0.0/8"]).unwrap())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_so_many_and_gets_them_back() {
        let places = places();
        let (first, _second) = (places.take(ip("2001:db8::1")).unwrap(), places.take(ip("2001:db8::2")).unwrap());
        assert!(places.take(ip("2001:db8::3")).is_none(), "a /64 is one address");
        let elsewhere = places.take(ip("2001:db8:0:1::1"));
        assert!(elsewhere.is_some(), "others have their own");
        drop(first);
        assert!(places.take(ip("2001:db8::3")).is_some());
        drop(elsewhere);
        assert_eq!(places.taken().len(), 1, "who has none open is not remembered");
    }

    #[test]
    fn this_machine_and_proxies_are_not_counted_and_nought_is_no_limit() {
        let places = places();
        for exempt in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3"] {
            let held: Vec<_> = (0..10).map(|_| places.take(ip(exempt))).collect();
            assert!(held.iter().all(Option::is_some), "{exempt}");
        }
        let unlimited = Places::new(0, TrustedProxies::default());
        let held: Vec<_> = (0..10).map(|_| unlimited.take(ip("203.0.113.7"))).collect();
        assert!(held.iter().all(Option::is_some));
    }
}
