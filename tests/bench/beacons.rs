//! The load on the pixel: beacons as a shop's pages send them, of many visitors of two shops, at a pace that answers do not change;
//! and dashboards of the same tenants meanwhile.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Connection, Seen, Tenant, async_queue, get, next, report};

#[derive(Deserialize)]
struct Plan {
    addr: String,
    tenants: Vec<Tenant>,
    sites: Vec<Site>,
    /// Events a second.
    rate: f64,
    seconds: f64,
    dashboards_per_second: f64,
    /// Milliseconds of unix time.
    now_ms: u64,
}

#[derive(Deserialize)]
struct Site {
    key: String,
    origin: String,
}

const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
];
const WAYS: [(&str, &str); 6] = [
    (
        "?utm_source=facebook&utm_medium=paid_social&utm_campaign=BFCM%20Prospecting&fbclid=IwAR0abc",
        "https://l.facebook.com",
    ),
    ("?utm_source=google&utm_medium=cpc&utm_campaign=Brand%20Search&gclid=Cj0KCQ", "https://www.google.com"),
    ("?utm_source=klaviyo&utm_medium=email&utm_campaign=Welcome%20Flow", ""),
    ("", "https://www.google.com"),
    ("", "https://blog.example"),
    ("", ""),
];
const KINDS: [(&str, &str); 4] = [
    ("page", "/"),
    ("product", "/products/linen-tote"),
    ("add_to_cart", "/products/linen-tote"),
    ("checkout", "/cart"),
];
/// Visitors that may come back, of one shop.
const RECENT: u64 = 2_000;

/// What a beacon was, beside its bytes.
struct Beacon {
    request: Vec<u8>,
    events: u64,
}

/// A number below `n`.
fn below(n: u64, state: &mut u64) -> u64 {
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a draw")]
    let drawn = (next(state) * n as f64) as u64;
    drawn.min(n - 1)
}

/// One to three events of a visitor, of whom three in ten were here a moment ago.
fn beacon(site: &Site, number: u64, now: u64, state: &mut u64) -> Beacon {
    let comes_back = number > RECENT && below(10, state) < 3;
    let visitor = if comes_back { number - below(RECENT, state) - 1 } else { number };
    let events = 1 + below(3, state);
    let (query, before) = WAYS[usize::try_from(visitor % 6).unwrap()];
    let first = if comes_back { 1 } else { 0 };
    let told: Vec<Value> = (first..first + events)
        .map(|step| {
            let (kind, path) = KINDS[usize::try_from(step.min(3)).unwrap()];
            let (query, before) = if step == 0 { (query, before) } else { ("", "") };
            json!({ "i": format!("{number:014x}{step:02x}"), "k": kind, "t": now - 900 + step * 200,
                "u": format!("{}{path}{query}", site.origin), "r": before })
        })
        .collect();
    let body = json!({ "v": format!("{visitor:032x}"), "s": now, "e": told }).to_string();
    let (agent, [_, a, b, c]) =
        (AGENTS[usize::try_from(visitor % 4).unwrap()], u32::try_from(visitor).unwrap().to_be_bytes());
    let request = format!(
        "POST /px/{} HTTP/1.1\r\nHost: localhost\r\nOrigin: {}\r\nUser-Agent: {agent}\r\nX-Forwarded-For: 10.{a}.{b}.{c}\r\n\
         Content-Type: text/plain;charset=UTF-8\r\nAccept: */*\r\nContent-Length: {}\r\n\r\n{body}",
        site.key,
        site.origin,
        body.len()
    );
    Beacon { request: request.into_bytes(), events }
}

/// What is asked, when it was due, and how many events it tells.
type Due = (Instant, &'static str, Beacon);

/// Sends, and reports how long answers took from when each was due, and how many events were taken and refused.
pub async fn run(text: &str) {
    let plan: Plan = serde_json::from_str(text).unwrap();
    let seen = Arc::new(Mutex::new((Seen::default(), BTreeMap::<String, u64>::new())));
    let (send, receive) = async_queue::<Due>();
    let workers: Vec<_> = (0..64)
        .map(|_| {
            let (receive, seen, addr) = (receive.clone(), seen.clone(), plan.addr.clone());
            tokio::spawn(async move {
                let mut connection = Connection::new(&addr);
                loop {
                    // Taken out of the lock before it is worked on.
                    let Some((due, class, beacon)) = receive.lock().await.recv().await else { return };
                    let status = connection.ask(&beacon.request).await;
                    let mut seen = seen.lock().unwrap();
                    seen.0.note(class, status, due.elapsed());
                    *seen.1.entry(format!("{class} {status}")).or_default() += beacon.events;
                }
            })
        })
        .collect();
    let began = Instant::now();
    let (mut state, mut told, mut number, mut dashboards) = (11, 0_u64, 0_u64, 0_u64);
    loop {
        #[expect(clippy::cast_precision_loss, reason = "a count of events")]
        let offset = told as f64 / plan.rate;
        if offset >= plan.seconds {
            break;
        }
        let due = began + Duration::from_secs_f64(offset);
        tokio::time::sleep_until(due.into()).await;
        let turn = usize::try_from(number % 2).unwrap();
        let now = plan.now_ms + u64::try_from(began.elapsed().as_millis()).unwrap();
        let beacon = beacon(&plan.sites[turn], number / 2, now, &mut state);
        told += beacon.events;
        number += 1;
        send.send((due, "beacon", beacon)).unwrap();
        #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
        let asks = (dashboards as f64) < offset * plan.dashboards_per_second;
        if asks {
            dashboards += 1;
            let request = get(&plan.tenants[usize::try_from(dashboards % 2).unwrap()], false);
            send.send((due, "dashboard", Beacon { request, events: 1 })).unwrap();
        }
    }
    drop(send);
    for worker in workers {
        worker.await.unwrap();
    }
    let took = began.elapsed().as_secs_f64();
    let (seen, events) = Arc::into_inner(seen).unwrap().into_inner().unwrap();
    report(&json!({ "told": told, "beacons": number, "took": took, "events": events, "seen": seen.summary() }));
}
