//! Runs passes of a connector over real HTTP as the runner does, without a store: steps until done, downloads staged and grouped,
//! the sign-in renewed, waits cut short.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use pulsepoint::brands::Brand;
use pulsepoint::commerce::CustomerHash;
use pulsepoint::commerce::rows::Batch;
use pulsepoint::connectors::{
    Call, Client, Connector, Credentials, Group, Next, Parsed, Pass, Raw, Redactor, Reject, Renewal, Settings, Step,
    Task, Tested, Trouble,
};
use serde_json::{Map, Value};

/// One integration.
pub struct Puller<'c> {
    pub connector: &'c dyn Connector,
    pub settings: Map<String, Value>,
    pub credentials: Credentials,
    pub facts: Map<String, Value>,
    pub shared: Settings,
    pub brand: Brand,
    pub now: Timestamp,
}

/// What a pass brought.
#[derive(Default)]
pub struct Pulled {
    /// Each step's rows, in order.
    pub batches: Vec<Batch>,
    pub rejects: Vec<Reject>,
    pub raw: Vec<Raw>,
    pub through: Option<Timestamp>,
    pub steps: usize,
    /// Lines of downloads.
    pub lines: usize,
    /// Limits that were met.
    pub throttled: usize,
}

impl<'c> Puller<'c> {
    pub fn new(connector: &'c dyn Connector, sandbox: &str, settings: Value, brand: Brand, now: Timestamp) -> Self {
        let shared = Settings { sandbox_url: sandbox.to_owned(), ..Settings::default() };
        let settings = settings.as_object().cloned().unwrap();
        Self { connector, settings, credentials: Credentials::default(), facts: Map::new(), shared, brand, now }
    }

    fn redactor() -> Redactor {
        Redactor::new(CustomerHash::new(&[7; 32]))
    }

    pub fn client(&self) -> Client {
        Client::new(&self.connector.base(&self.settings, &self.shared).unwrap())
    }

    /// Signs in anew where that is due.
    pub async fn renew(&mut self) -> Result<(), Trouble> {
        let client = self.client();
        let redactor = Self::redactor();
        let renewed = self.connector.renew(&self.call(&client, &redactor)).await?;
        self.credentials = renewed;
        Ok(())
    }

    fn call<'a>(&'a self, client: &'a Client, redactor: &'a Redactor) -> Call<'a> {
        Call {
            client,
            credentials: &self.credentials,
            settings: &self.settings,
            facts: &self.facts,
            shared: &self.shared,
            brand: &self.brand,
            redactor,
            now: self.now,
        }
    }

    pub async fn test(&mut self) -> Result<Tested, Trouble> {
        if self.connector.renewal(&self.credentials, self.now) == Renewal::Due {
            self.renew().await?;
        }
        let (client, redactor) = (self.client(), Self::redactor());
        let tested = self.connector.test(&self.call(&client, &redactor)).await?;
        self.facts.extend(tested.facts.clone());
        Ok(tested)
    }

    /// One step, asked again where the platform is busy or the sign-in has ended.
    async fn step(&mut self, task: &Task<'_>, pulled: &mut Pulled) -> Result<Step, Trouble> {
        let mut renewed = false;
        for _ in 0..200 {
            if self.connector.renewal(&self.credentials, self.now) == Renewal::Due {
                self.renew().await?;
            }
            let (client, redactor) = (self.client(), Self::redactor());
            let done = self.connector.step(&self.call(&client, &redactor), task).await;
            match done {
                Err(Trouble::Later { throttled, after, .. }) => {
                    pulled.throttled += usize::from(throttled);
                    let wait = after.unwrap_or(Duration::from_millis(50)).min(Duration::from_secs(5));
                    tokio::time::sleep(wait).await;
                }
                Err(Trouble::Expired(_)) if !renewed => {
                    renewed = true;
                    self.renew().await?;
                }
                other => return other,
            }
        }
        Err(Trouble::broken("still busy after two hundred times"))
    }

    /// A whole pass.
    pub async fn pull(&mut self, stream: &str, pass: &Pass) -> Result<Pulled, Trouble> {
        let mut pulled = Pulled::default();
        let mut position: Option<Value> = None;
        let mut staged: Option<Vec<Group>> = None;
        let begun = self.now;
        for _ in 0..20_000 {
            let groups = staged.as_mut().map(|left| left.drain(..left.len().min(40)).collect());
            let task = Task { stream, pass, position: position.as_ref(), begun, staged: groups };
            let step = self.step(&task, &mut pulled).await?;
            pulled.steps += 1;
            self.keep(&mut pulled, &step);
            match step.next {
                Next::More(next) => position = Some(next),
                Next::Wait(next, _) => {
                    position = Some(next);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Next::Stage { lines, then } => {
                    staged = Some(self.stage(stream, &lines, &mut pulled).await?);
                    position = Some(then);
                }
                Next::Done { through } => {
                    pulled.through = Some(through);
                    return Ok(pulled);
                }
            }
        }
        Err(Trouble::broken("a pass that never ends"))
    }

    fn keep(&mut self, pulled: &mut Pulled, step: &Step) {
        self.facts.extend(step.facts.clone());
        // A replay of what was kept gives the same rows.
        let mut again = Parsed::default();
        for raw in &step.raw {
            let parsed = self.connector.parse(&self.brand, raw);
            again.rejects.extend(parsed.rejects);
            again.batch.orders.extend(parsed.batch.orders);
            let text = String::from_utf8_lossy(&raw.body);
            assert!(!text.contains("@shop"), "an address was kept: {text}");
        }
        assert_eq!(format!("{:?}", again.batch.orders), format!("{:?}", step.parsed.batch.orders));
        pulled.batches.push(step.parsed.batch.clone());
        pulled.rejects.extend(step.parsed.rejects.iter().cloned());
        pulled.raw.extend(step.raw.iter().cloned());
    }

    async fn stage(&self, stream: &str, url: &url::Url, pulled: &mut Pulled) -> Result<Vec<Group>, Trouble> {
        let (client, redactor) = (self.client(), Self::redactor());
        let mut lines = client.lines(url).await?;
        let mut groups: BTreeMap<String, Vec<Bytes>> = BTreeMap::new();
        while let Some(line) = lines.next().await {
            let line = line?;
            pulled.lines += 1;
            let key = self.connector.group_of(stream, &line).unwrap();
            groups.entry(key).or_default().push(redactor.json(&line).unwrap());
        }
        Ok(groups.into_iter().map(|(key, lines)| Group { key, lines }).collect())
    }
}
