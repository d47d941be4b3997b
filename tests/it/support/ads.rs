//! Ad connectors against the simulator over HTTP: tenants of their own, a clock that is moved, passes step by step, and what
//! landed to compare with the simulator's own figures.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use pulsepoint::brands::Brand;
use pulsepoint::clock::Clock;
use pulsepoint::commerce::{self, CustomerHash};
use pulsepoint::connectors::google_ads::GoogleAds;
use pulsepoint::connectors::meta_ads::MetaAds;
use pulsepoint::connectors::sandbox::{self, Options, Sandbox};
use pulsepoint::connectors::tiktok_ads::TiktokAds;
use pulsepoint::connectors::{
    Call, Client, Connector, Credentials, Next, Pass, Quota, Raw, Redactor, Reject, Renewal, Settings, Step, Task,
    Tested, Trouble,
};
use pulsepoint::money::parse_micros;
use pulsepoint::secrets::Purpose;
use pulsepoint::tenants::{Tenant, Tenants};
use serde_json::{Map, Value, json};

use super::stores;

/// Noon in Berlin on a day of winter time.
const BEGIN: i64 = 1_795_604_400;

/// A simulator, a folder of tenants, and the clock of both.
pub struct Rig {
    pub sandbox: Sandbox,
    /// What is asked: the simulator, unless a test has something of its own.
    pub url: String,
    seconds: Arc<AtomicI64>,
    tenants: Tenants,
    _data: tempfile::TempDir,
}

/// One integration of one tenant.
pub struct Shop {
    pub tenant: Tenant,
    pub brand: Brand,
    pub connector: Box<dyn Connector>,
    pub credentials: Credentials,
    pub settings: Map<String, Value>,
    pub facts: Map<String, Value>,
    shared: Settings,
    client: Client,
    redactor: Redactor,
}

/// What a pass brought.
#[derive(Debug, Default)]
pub struct Run {
    pub raw: Vec<Raw>,
    pub rejects: Vec<Reject>,
    pub quotas: Vec<Quota>,
    pub waits: Vec<Duration>,
    pub windows: usize,
    pub requests: u64,
}

/// Spend, impressions, clicks, conversions, revenue: money and conversions in micros.
pub type Sums = [i64; 5];
/// By account (with currency and zone) and day.
pub type ByDay = BTreeMap<(String, String), Sums>;

impl Rig {
    pub async fn start(change: impl FnOnce(&mut Options)) -> Self {
        let seconds = Arc::new(AtomicI64::new(BEGIN));
        let hand = Arc::clone(&seconds);
        let clock = Clock::driven(move || {
            let seconds = hand.load(Ordering::SeqCst);
            (Timestamp::from_second(seconds).unwrap(), Duration::from_secs(seconds.unsigned_abs()))
        });
        let mut options = Options::new(clock);
        change(&mut options);
        let data = tempfile::tempdir().unwrap();
        let tenants = stores::start(data.path());
        let sandbox = sandbox::start(options).await.unwrap();
        Self { url: sandbox.url.clone(), sandbox, seconds, tenants, _data: data }
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_second(self.seconds.load(Ordering::SeqCst)).unwrap()
    }

    pub fn advance(&self, hours: i64) {
        self.seconds.fetch_add(hours * 3600, Ordering::SeqCst);
    }

    pub async fn control(&self, what: &str, body: Value) -> Value {
        self.sandbox.control(what, body).await.unwrap()
    }

    /// The next answers go wrong as the script says.
    pub async fn faults(&self, faults: Value) {
        self.control("faults", json!({ "fault": faults })).await;
    }

    /// A tenant with one brand and one integration.
    pub async fn shop(&self, slug: &str, source: &str, settings: Value) -> Shop {
        let tenant = self.tenants.create(slug, slug).await.unwrap();
        let brand = stores::brand(&tenant, "Juniper", "USD", "America/New_York").await;
        let (connector, names): (Box<dyn Connector>, &[(&str, &str)]) = match source {
            "meta" => (Box::new(MetaAds), &[("access_token", "EAAsandbox"), ("app_secret", "meta_sandbox_secret")]),
            "tiktok" => (
                Box::new(TiktokAds),
                &[
                    ("app_id", "7000000000000000001"),
                    ("app_secret", "tiktok_sandbox_secret"),
                    ("auth_code", "code-of-a-sign-in"),
                ],
            ),
            _ => (
                Box::new(GoogleAds),
                &[
                    ("client_id", "sandbox.apps.googleusercontent.com"),
                    ("client_secret", "GOCSPX-sandbox"),
                    ("refresh_token", "1//sandbox-refresh"),
                    ("developer_token", "sandbox-developer-token"),
                ],
            ),
        };
        let unique =
            |name: &str, text: &str| if name == "auth_code" { format!("{text}-{slug}") } else { text.to_owned() };
        let credentials =
            names.iter().fold(Credentials::default(), |all, (name, text)| all.with(name, unique(name, text), None));
        let shared = Settings { sandbox_url: self.url.clone(), ..Settings::default() };
        let settings = connector.check(settings.as_object().unwrap(), &credentials, &shared).unwrap();
        let client = Client::new(&connector.base(&settings, &shared).unwrap());
        let redactor = Redactor::new(CustomerHash::new(&tenant.key().derive(Purpose::CustomerIdentity)));
        let facts = Map::new();
        Shop { tenant, brand, connector, credentials, settings, facts, shared, client, redactor }
    }

    /// As [`expected`].
    pub fn expected(&self, platform: &str, only: Option<&str>) -> ByDay {
        expected(&self.sandbox, platform, only)
    }
}

/// The simulator's own figures of a platform, days on which there was nothing left out.
pub fn expected(sandbox: &Sandbox, platform: &str, only: Option<&str>) -> ByDay {
    let totals = sandbox.totals();
    let mut all = ByDay::new();
    for account in totals[platform].as_array().unwrap() {
        let text = |name: &str| account[name].as_str().unwrap().to_owned();
        if only.is_some_and(|only| only != text("account")) {
            continue;
        }
        let name = format!("{} {} {}", text("account"), text("currency"), text("timezone"));
        for day in account["days"].as_array().unwrap() {
            let mut sums = sums_of(day, platform);
            for apart in ["performance_max", "gmv_max"].iter().filter(|apart| !day[**apart].is_null()) {
                let mut more = sums_of(&day[*apart], platform);
                if *apart == "gmv_max" {
                    // The shop's report knows neither.
                    (more[1], more[2]) = (0, 0);
                }
                sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            }
            all.insert((name.clone(), day["day"].as_str().unwrap().to_owned()), sums);
        }
    }
    all.retain(|_, sums| *sums != Sums::default());
    all
}

fn sums_of(figures: &Value, platform: &str) -> Sums {
    let micros = |name: &str| parse_micros(figures[name].as_str().unwrap()).unwrap();
    // Meta's clicks are those on links, as in its files.
    let clicks = if platform == "meta" { "link_clicks" } else { "clicks" };
    let whole = |name: &str| figures[name].as_i64().unwrap();
    [micros("spend"), whole("impressions"), whole(clicks), micros("conversions"), micros("value")]
}

impl Shop {
    fn call(&self, now: Timestamp) -> Call<'_> {
        Call {
            client: &self.client,
            credentials: &self.credentials,
            settings: &self.settings,
            facts: &self.facts,
            shared: &self.shared,
            brand: &self.brand,
            redactor: &self.redactor,
            now,
        }
    }

    pub async fn renew(&mut self, rig: &Rig) -> Result<(), Trouble> {
        self.credentials = self.connector.renew(&self.call(rig.now())).await?;
        Ok(())
    }

    pub async fn test(&mut self, rig: &Rig) -> Result<Tested, Trouble> {
        if self.connector.renewal(&self.credentials, rig.now()) == Renewal::Due {
            self.renew(rig).await?;
        }
        let tested = self.connector.test(&self.call(rig.now())).await?;
        self.facts.clone_from(&tested.facts);
        Ok(tested)
    }

    /// All steps of a pass, each landed in a transaction of its own.
    pub async fn pass(&mut self, rig: &Rig, pass: Pass) -> Result<Run, Trouble> {
        let (begun, before) = (rig.now(), self.client.traffic().requests());
        let mut run = Run::default();
        let mut position: Option<Value> = None;
        for _ in 0..5_000 {
            if self.connector.renewal(&self.credentials, rig.now()) == Renewal::Due {
                self.renew(rig).await?;
            }
            let task = Task { stream: "ads", pass: &pass, position: position.as_ref(), begun, staged: None };
            let step = match self.connector.step(&self.call(rig.now()), &task).await {
                Err(Trouble::Expired(_)) => {
                    self.renew(rig).await?;
                    self.connector.step(&self.call(rig.now()), &task).await?
                }
                step => step?,
            };
            self.no_secret(&step);
            self.replays(&step);
            run.windows += step.parsed.batch.ads.len();
            let (name, now) = (self.connector.source().name(), rig.now());
            commerce::land(&self.tenant, &self.brand, name, step.parsed.batch, now).await.unwrap();
            run.raw.extend(step.raw);
            run.rejects.extend(step.parsed.rejects);
            run.quotas.extend(step.quota);
            self.facts.extend(step.facts);
            position = match step.next {
                Next::More(position) => Some(position),
                Next::Wait(position, wait) => {
                    run.waits.push(wait);
                    Some(position)
                }
                Next::Stage { .. } => panic!("nothing of an ad platform is staged"),
                Next::Done { through } => {
                    assert_eq!(through, begun);
                    run.requests = self.client.traffic().requests() - before;
                    return Ok(run);
                }
            };
        }
        panic!("the pass does not end");
    }

    /// Nothing that is kept or shown holds what signs in.
    fn no_secret(&self, step: &Step) {
        let mut kept = format!("{:?} {:?} {:?} {:?}", step.next, step.parsed.rejects, step.quota, step.facts);
        for raw in &step.raw {
            kept.push_str(&raw.about.to_string());
            kept.push_str(&String::from_utf8_lossy(&raw.body));
        }
        for name in self.credentials.names() {
            assert!(!kept.contains(self.credentials.get(name).unwrap()), "{name} is in what a step brought");
        }
        assert!(!kept.contains("access_token="));
    }

    /// What is kept gives the same rows again.
    fn replays(&self, step: &Step) {
        let again = step.raw.iter().map(|raw| self.connector.parse(&self.brand, raw));
        let (mut windows, mut rejects) = (Vec::new(), Vec::new());
        for parsed in again {
            windows.extend(parsed.batch.ads);
            rejects.extend(parsed.rejects);
        }
        assert_eq!(format!("{windows:?}"), format!("{:?}", step.parsed.batch.ads));
        assert_eq!(rejects, step.parsed.rejects);
    }

    /// As [`landed`].
    pub fn landed(&self) -> ByDay {
        landed(&self.tenant)
    }
}

/// What has landed, days on which there was nothing left out.
pub fn landed(tenant: &Tenant) -> ByDay {
    let sql = "select c.external_id || ' ' || c.currency || ' ' || c.timezone, d.day, sum(d.spend_micros), \
        sum(d.impressions), sum(d.clicks), sum(d.conversions_micros), sum(d.revenue_micros) from ad_days d \
        join ads a on a.id = d.ad_id join ad_accounts c on c.id = a.account_id group by 1, 2";
    let mut all: ByDay = tenant
        .db()
        .read_blocking(|conn| {
            let mut rows = conn.prepare(sql)?;
            let rows = rows.query_map([], |row| {
                let sums = [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
                Ok(((row.get(0)?, row.get(1)?), sums))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .unwrap();
    all.retain(|_, sums| *sums != Sums::default());
    all
}

/// Fails with the first days that differ.
pub fn assert_equal(landed: &ByDay, expected: &ByDay, what: &str) {
    assert!(!expected.is_empty(), "{what}: nothing is expected");
    let differ: Vec<String> = landed
        .keys()
        .chain(expected.keys().filter(|key| !landed.contains_key(*key)))
        .filter(|key| landed.get(*key) != expected.get(*key))
        .take(5)
        .map(|key| format!("{key:?}: landed {:?}, expected {:?}", landed.get(key), expected.get(key)))
        .collect();
    assert!(differ.is_empty(), "{what}:\n  {}", differ.join("\n  "));
}
