//! What is found out about a file before its import is promised: its format and what was said about it. Where somebody says it
//! before the file comes, the survey too, by a thread of its own while the file is being kept: it is a second reading that
//! takes no time then.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::{JoinHandle, spawn_blocking};

use super::bytes::{spool::Spool, unpack::unpack};
use super::formats::{Format, Layout, OrdersMap, Setting, reader};
use super::reading::{Plan, Reader, bad, recognise, survey_on_the_way};
use super::text::dates;
use super::{Limits, Options};
use crate::brands::Brand;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::money::Currency;

/// Pieces of a file that may wait for the survey.
const WAITING: usize = 2;

/// What was asked for.
#[derive(Clone)]
pub(super) struct Asked {
    pub brand: Brand,
    pub options: Options,
    pub clock: Clock,
    pub limits: Limits,
    pub stop: Arc<AtomicBool>,
}

/// A file that may be promised.
pub(super) struct Prepared {
    pub layout: Layout,
    pub setting: Setting,
    pub order: Option<dates::Order>,
    /// What the survey found, where it is done already, with its place among the few that may be kept.
    pub plan: Option<(Plan, OwnedSemaphorePermit)>,
}

/// Recognises the file and checks what was said about it.
pub(super) fn prepare(asked: &Asked, source: &Spool) -> Result<Prepared> {
    let looking = Reader { source, limits: &asked.limits, bytes: Arc::default(), stop: asked.stop.clone() };
    let (layout, setting, order) = about(asked, &looking.head()?)?;
    Ok(Prepared { layout, setting, order, plan: None })
}

/// A survey at work on a file that is still coming.
pub(super) struct Early {
    pieces: Option<mpsc::Sender<Arc<Vec<u8>>>>,
    found: JoinHandle<Option<Prepared>>,
}

impl Early {
    /// Begins. A survey that fails is silent: who reads the kept file finds the same and says so.
    pub(super) fn new(asked: Asked, place: OwnedSemaphorePermit) -> Self {
        let (send, pieces) = mpsc::channel(WAITING);
        let found = spawn_blocking(move || {
            let coming = Coming { pieces, piece: Arc::default(), at: 0 };
            let plain = unpack(coming, asked.limits.unpacked_bytes).ok()?;
            let found = survey_on_the_way(plain, &asked.limits, &asked.stop, |head| about(&asked, head));
            let (plan, setting, order) = found.ok()??;
            Some(Prepared { layout: plan.layout.clone(), setting, order, plan: Some((plan, place)) })
        });
        Self { pieces: Some(send), found }
    }

    /// Hands the next piece on; waits while the survey has enough of them.
    pub(super) async fn give(&mut self, piece: &Arc<Vec<u8>>) {
        if let Some(pieces) = &self.pieces
            && pieces.send(Arc::clone(piece)).await.is_err()
        {
            self.pieces = None;
        }
    }

    /// The file is complete: what the survey found, `None` where it is to be done once more.
    pub(super) async fn found(mut self) -> Result<Option<Prepared>> {
        self.pieces = None;
        Ok(self.found.await.context("surveying the upload")?)
    }
}

/// The pieces as a file.
struct Coming {
    pieces: mpsc::Receiver<Arc<Vec<u8>>>,
    piece: Arc<Vec<u8>>,
    at: usize,
}

impl Read for Coming {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            let Some(piece) = self.pieces.blocking_recv() else { return Ok(0) };
            (self.piece, self.at) = (piece, 0);
        }
        let n = out.len().min(self.piece.len() - self.at);
        out[..n].copy_from_slice(&self.piece[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

/// Recognises a file by its first bytes and checks what was said about it.
fn about(asked: &Asked, head: &[u8]) -> Result<(Layout, Setting, Option<dates::Order>)> {
    let Asked { brand, options, .. } = asked;
    let wanted = match options.format.as_deref() {
        None | Some("" | "auto") => None,
        Some(name) => Some(Format::parse(name).ok_or_else(|| {
            let known = Format::ALL.map(Format::name).join(", ");
            Error::invalid("format", format!("There is no format \"{name}\"; there are {known}."))
        })?),
    };
    let given =
        options.map.as_deref().map(OrdersMap::parse).transpose().map_err(|reason| Error::invalid("map", reason))?;
    let layout = recognise(head, wanted, given.as_ref())?;
    let map = layout.map.clone();
    let said = |option: &Option<String>, mapped: Option<&String>| {
        option.clone().filter(|o| !o.trim().is_empty()).or(mapped.cloned())
    };
    let currency = match said(&options.currency, map.as_ref().and_then(|m| m.currency.as_ref())) {
        Some(code) => Currency::parse(&code)
            .ok_or_else(|| Error::invalid("currency", format!("\"{code}\" is not a currency code, like USD.")))?,
        None => brand.currency,
    };
    let (zone, zone_name) = match said(&options.timezone, map.as_ref().and_then(|m| m.timezone.as_ref())) {
        Some(name) => {
            let zone = jiff::tz::TimeZone::get(name.trim());
            let unknown =
                |_| Error::invalid("timezone", format!("\"{name}\" is not an IANA time zone, like Europe/London."));
            (zone.map_err(unknown)?, name.trim().to_owned())
        }
        None => (brand.timezone.clone(), brand.timezone_name.clone()),
    };
    let order = match said(&options.date_format, map.as_ref().and_then(|m| m.date_format.as_ref())) {
        Some(format) => Some(dates::order_of(&format).ok_or_else(|| {
            Error::invalid(
                "date_format",
                format!("\"{format}\" says no order of day, month and year, like DD/MM/YYYY does."),
            )
        })?),
        None => None,
    };
    let account = options.account.clone().map(|a| a.trim().to_owned()).filter(|a| !a.is_empty());
    let today = asked.clock.now().to_zoned(brand.timezone.clone()).date();
    let setting = Setting { currency, zone, zone_name, account, today, map };
    reader(&layout, &setting).map_err(|reason| bad("missing_columns", &reason))?;
    Ok((layout, setting, order))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::text::numbers::Decimal;

    fn asked() -> Asked {
        let brand = Brand {
            id: 1,
            uid: "uid".into(),
            slug: "acme".into(),
            name: "Acme".into(),
            currency: Currency::parse("USD").unwrap(),
            timezone: jiff::tz::TimeZone::UTC,
            timezone_name: "UTC".into(),
            week_start: 1,
            demo: false,
            settings: serde_json::Value::Null,
            created_at: jiff::Timestamp::UNIX_EPOCH,
        };
        let clock = Clock::fixed(jiff::Timestamp::UNIX_EPOCH);
        Asked { brand, options: Options::default(), clock, limits: Limits::default(), stop: Arc::default() }
    }

    async fn survey(asked: Asked, file: &[u8], piece: usize) -> Option<Prepared> {
        let place = Arc::new(tokio::sync::Semaphore::new(1)).try_acquire_owned().unwrap();
        let mut early = Early::new(asked, place);
        for piece in file.chunks(piece) {
            early.give(&Arc::new(piece.to_vec())).await;
        }
        early.found().await.unwrap()
    }

    #[tokio::test]
    async fn the_survey_is_done_when_the_file_has_come() {
        let mut file = "order,sku,title,quantity,unit_price,placed_at\n".to_owned();
        for order in 0..9_000 {
            file.push_str(&format!("O-{},S,Thing,1,\"2,5\",{}.04.2026\n", order % 5_000, order % 28 + 1));
        }
        for piece in [1_013, 1 << 20] {
            let (plan, _place) = survey(asked(), file.as_bytes(), piece).await.unwrap().plan.unwrap();
            assert_eq!((plan.style.decimal, plan.style.order), (Decimal::Comma, dates::Order::DayFirst));
            let runs = |order: &str| plan.runs(plan.hash(order, ""));
            assert_eq!((runs("O-7"), runs("O-4999")), (2, 1));
        }
        // Not in UTF-8 after all, no file of ours, and asked to stop: all that is for the second look to tell.
        let late = [file.as_bytes(), b"O-1,S,Gr\xf6\xdfe,1,2.5,01.04.2026\n"].concat();
        assert!(survey(asked(), &late, 1 << 16).await.is_none());
        assert!(survey(asked(), b"nobody,knows\n1,2\n", 3).await.is_none());
        let stopped = Asked { stop: Arc::new(true.into()), ..asked() };
        assert!(survey(stopped, file.as_bytes(), 1 << 16).await.is_none());
    }
}
