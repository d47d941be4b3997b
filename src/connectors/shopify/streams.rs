//! Which pass of which stream goes where, and what the position of a pass is.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ask::Reply;
use super::errors::Refusal;
use super::parse::{self, About};
use super::{bulk, gone, orders, products, stock};
use crate::brands::Brand;
use crate::connectors::{Call, Next, Pass, Raw, Step, Task, Trouble};
use crate::money::Currency;

/// Orders that were changed so long before the end of the pass before are asked for once more: Shopify's search is late.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// What changed less long ago waits for the next pass, for the same reason.
const TOO_FRESH: SignedDuration = SignedDuration::from_mins(1);

/// Where a pass is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "at")]
pub(super) enum At {
    /// A bulk operation has to be begun.
    Submit { tries: u32 },
    /// It runs.
    Poll(bulk::Poll),
    /// Its lines are staged. Of a broken one they are the beginning, up to `newest`.
    Lines(bulk::Lines),
    /// Orders, page by page.
    Orders(Pages),
    /// Orders whose journeys were not ready when they were read.
    Journeys { ids: Vec<String> },
    /// What was destroyed.
    Events { after: Option<String> },
    /// The ids of all orders, to find those that are gone.
    Ids(gone::Ids),
    /// Products, page by page.
    Products(Pages),
    /// Variants that changed.
    Variants(Pages),
    /// Stock, page by page.
    Items(Pages),
}

/// A window of a stream and how far it is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Pages {
    /// The field that the window is of.
    pub by: By,
    pub from: Option<Timestamp>,
    pub to: Timestamp,
    /// Of things that come by their ids: only those above.
    #[serde(default)]
    pub above: Option<u64>,
    pub after: Option<String>,
    /// How many are asked for at once.
    pub size: u32,
    /// How many this window has brought: no window may be read to arbitrary depth.
    pub seen: u32,
}

/// A moment of a thing's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum By {
    Created,
    Updated,
}

impl By {
    pub(super) fn search(self) -> &'static str {
        match self {
            Self::Created => "created_at",
            Self::Updated => "updated_at",
        }
    }

    pub(super) fn sort(self) -> &'static str {
        match self {
            Self::Created => "CREATED_AT",
            Self::Updated => "UPDATED_AT",
        }
    }

    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Created => "createdAt",
            Self::Updated => "updatedAt",
        }
    }
}

/// After so many objects Shopify no longer turns the page; a window is cut before.
pub(super) const DEEPEST: u32 = 20_000;

impl Pages {
    pub(super) fn new(by: By, from: Option<Timestamp>, to: Timestamp, size: u32) -> Self {
        Self { by, from, to, above: None, after: None, size, seen: 0 }
    }

    /// As the search is written.
    pub(super) fn search(&self) -> String {
        let field = self.by.search();
        let to = format!("{field}:<'{}'", self.to);
        let window = match self.from {
            Some(from) => format!("{field}:>='{from}' AND {to}"),
            None => to,
        };
        self.above.map_or(window.clone(), |above| format!("{window} AND id:>{above}"))
    }

    /// The page after this one, of things that come by their ids.
    pub(super) fn next_by_id(mut self, page: &Value) -> Result<Option<Self>, Trouble> {
        let Some(after) = end_of_page(page)? else { return Ok(None) };
        let nodes = page["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
        self.seen = self.seen.saturating_add(u32::try_from(nodes.len()).unwrap_or(u32::MAX));
        let last = nodes.last().and_then(|node| parse::number(node["id"].as_str()?).ok()?.parse().ok());
        match last {
            Some(last) if self.seen >= DEEPEST => Ok(Some(Self { above: Some(last), after: None, seen: 0, ..self })),
            _ => Ok(Some(Self { after: Some(after), ..self })),
        }
    }

    /// The page after this one; none at the end. The window is cut at the last thing seen where it becomes too deep.
    pub(super) fn next(mut self, page: &Value, nodes: &[Value]) -> Result<Option<Self>, Trouble> {
        let Some(after) = end_of_page(page)? else { return Ok(None) };
        self.seen = self.seen.saturating_add(u32::try_from(nodes.len()).unwrap_or(u32::MAX));
        let last = nodes.iter().filter_map(|node| node[self.by.field()].as_str()?.parse::<Timestamp>().ok()).max();
        match last {
            Some(last) if self.seen >= DEEPEST && Some(last) > self.from => {
                Ok(Some(Self { from: Some(last), after: None, seen: 0, ..self }))
            }
            _ => Ok(Some(Self { after: Some(after), ..self })),
        }
    }

    /// The same page with fewer things on it; none where it cannot be smaller.
    pub(super) fn halved(self) -> Option<Self> {
        (self.size > 1).then_some(Self { size: self.size / 2, ..self })
    }
}

/// Where the next page begins; none where there is no next.
pub(super) fn end_of_page(page: &Value) -> Result<Option<String>, Trouble> {
    let info = &page["pageInfo"];
    match (info["hasNextPage"].as_bool(), info["endCursor"].as_str()) {
        (Some(false), _) => Ok(None),
        (Some(true), Some(cursor)) => Ok(Some(cursor.to_owned())),
        _ => Err(Trouble::Unreadable {
            reason: "Shopify does not tell whether there is a next page".to_owned(),
            answer: bytes::Bytes::new(),
        }),
    }
}

/// One step of any pass.
pub(super) async fn step(call: &Call<'_>, task: &Task<'_>) -> Result<Step, Trouble> {
    let at = match task.position {
        Some(position) => At::deserialize(position)
            .map_err(|_| Trouble::Refused("The position of a pass is of another version.".to_owned()))?,
        None => match first(task, call)? {
            Some(at) => at,
            None => return Ok(done(call, task)),
        },
    };
    match at {
        At::Submit { tries } => bulk::submit(call, task, tries).await,
        At::Poll(poll) => bulk::look(call, task, poll).await,
        At::Lines(lines) => bulk::lines(call, task, lines).await,
        At::Orders(pages) => orders::page(call, task, pages).await,
        At::Journeys { ids } => orders::journeys(call, task, ids).await,
        At::Events { after } => gone::events(call, task, after).await,
        At::Ids(ids) => gone::ids(call, task, ids).await,
        At::Products(pages) => products::page(call, task, pages).await,
        At::Variants(pages) => products::variants(call, task, pages).await,
        At::Items(pages) => stock::page(call, task, pages).await,
    }
}

/// Where a pass begins; none where there is nothing to do.
fn first(task: &Task, call: &Call) -> Result<Option<At>, Trouble> {
    let to = until(task);
    let window = |size| match task.pass {
        Pass::Recent { since: Some(since) } => Pages::new(By::Updated, Some(before(*since)), to, size),
        _ => Pages::new(By::Updated, None, to, size),
    };
    Ok(match (task.stream, task.pass) {
        ("orders", Pass::Backfill { .. } | Pass::Recent { since: None }) => Some(At::Submit { tries: 0 }),
        ("orders", Pass::Recent { .. }) => Some(At::Orders(window(orders::PAGE))),
        ("orders", Pass::Range { from, to }) => {
            let zone = &call.brand.timezone;
            let start = |day: &jiff::civil::Date| {
                let start = day.to_zoned(zone.clone()).map(|start| start.timestamp());
                start.map_err(|_| Trouble::Refused("A day that was asked for is out of reach.".to_owned()))
            };
            Some(At::Orders(Pages::new(By::Created, Some(start(from)?), start(to)?, orders::PAGE)))
        }
        ("orders", Pass::Restate) => gone::is_due(call, task).then(|| At::Ids(gone::Ids::default())),
        ("products", Pass::Restate) => None,
        ("products", _) => Some(At::Products(window(products::PAGE))),
        ("inventory", Pass::Recent { since: Some(_) }) => Some(At::Items(window(stock::PAGE))),
        ("inventory", _) => Some(At::Items(Pages::new(By::Updated, None, to, stock::PAGE))),
        (other, _) => return Err(Trouble::Refused(format!("Shopify has no stream \"{other}\"."))),
    })
}

fn before(since: Timestamp) -> Timestamp {
    since.checked_sub(OVERLAP).unwrap_or(since)
}

/// The end of what a pass covers.
pub(super) fn until(task: &Task) -> Timestamp {
    task.begun.checked_sub(TOO_FRESH).unwrap_or(task.begun)
}

/// The day on which costs and stock are seen in this pass.
pub(super) fn day(task: &Task, brand: &Brand) -> jiff::civil::Date {
    task.begun.to_zoned(brand.timezone.clone()).date()
}

/// The pass is over. Only a pass over everything that changed moves forward what the next one begins with; the others say
/// again where the last such one ended.
pub(super) fn done(call: &Call, task: &Task) -> Step {
    let key = format!("{}_through", task.stream);
    let kept = || call.facts.get(&key)?.as_str()?.parse::<Timestamp>().ok();
    match task.pass {
        Pass::Backfill { .. } | Pass::Recent { .. } => {
            let through = until(task);
            let mut step = Step::on(Next::Done { through });
            step.facts.insert(key, through.to_string().into());
            step
        }
        Pass::Restate | Pass::Range { .. } => Step::on(Next::Done { through: kept().unwrap_or_else(|| until(task)) }),
    }
}

/// A step that goes on at `at`.
pub(super) fn on(at: &At) -> Step {
    Step::on(Next::More(position(at)))
}

/// The position as it is kept.
pub(super) fn position(at: &At) -> Value {
    // Texts, numbers and times, which always serialise.
    serde_json::to_value(at).unwrap_or_default()
}

/// Puts an answer's rows and the answer itself into the step.
pub(super) fn take(step: &mut Step, call: &Call, task: &Task, stream: &'static str, kind: &'static str, body: &Value) {
    take_with(step, call, task, (stream, kind, body), Value::Null);
}

/// [`take`], with more for the parser.
pub(super) fn take_with(
    step: &mut Step,
    call: &Call,
    task: &Task,
    (stream, kind, body): (&'static str, &'static str, &Value),
    rest: Value,
) {
    take_text(step, call, task, (stream, kind, body.to_string().into_bytes().into()), rest);
}

/// [`take_with`], of an answer that is text already.
pub(super) fn take_text(
    step: &mut Step,
    call: &Call,
    task: &Task,
    (stream, kind, body): (&'static str, &'static str, Bytes),
    rest: Value,
) {
    let about = About { store: store(call), currency: currency(call.facts), day: day(task, call.brand), rest };
    let raw = Raw { stream, kind, about: about.to_json(), body };
    let mut parsed = parse::parse(&raw);
    step.parsed.rejects.append(&mut parsed.rejects);
    parse::append(&mut step.parsed.batch, parsed.batch);
    step.raw.push(raw);
}

/// What the shop is called; its domain until a test has told.
fn store(call: &Call) -> Option<String> {
    let text = |map: &Map<String, Value>, key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned);
    text(call.facts, "shop_name").or_else(|| text(call.settings, "shop"))
}

fn currency(facts: &Map<String, Value>) -> Option<Currency> {
    facts.get("currency").and_then(Value::as_str).and_then(Currency::parse)
}

/// What a page becomes: its answer, or the same page smaller where it was too costly.
pub(super) fn page_or_less(
    asked: Result<Reply, Refusal>,
    pages: &Pages,
    smaller: impl Fn(Pages) -> At,
) -> Result<Result<Reply, Step>, Trouble> {
    match asked {
        Ok(reply) => Ok(Ok(reply)),
        Err(Refusal::TooCostly) => match pages.clone().halved() {
            Some(pages) => Ok(Err(on(&smaller(pages)))),
            None => Err(Refusal::TooCostly.into()),
        },
        Err(other) => Err(other.into()),
    }
}
