//! `tenant export`: everything of one tenant, in pieces for whoever asked.

use std::io::{self, Write};

use bytes::{Bytes, BytesMut};
use serde_json::json;
use tokio::sync::mpsc;

use super::{author, said, tenants};
use crate::app::App;
use crate::cli::command::{Outcome, Report};
use crate::error::Result;
use crate::tenants::export;

/// Bytes that travel at once.
const PIECE: usize = 256 * 1024;

pub(super) async fn run(app: &App, slug: &str, report: mpsc::Sender<Report>) -> Result<Outcome> {
    let tenant = app.tenants.open_even_closed(&tenants::id_of(app, slug).await?).await?;
    let now = app.clock.system_time();
    let subject = format!("tenant:{}", tenant.id());
    // Told before the first byte leaves: an export that breaks off has left in part.
    tenant.db().write(move |tx| author().tell(tx, now, "tenant.exported", &subject, json!({}))).await?;
    let (of, names) = (tenant.clone(), (tenant.slug().to_owned(), tenant.name().to_owned()));
    let rows = tenant.db().read(move |conn| {
        let about = export::About { slug: &names.0, name: &names.1, at: now };
        export::write(conn, &of.archives(), &about, &mut Pieces { report, waiting: BytesMut::new() })
    });
    let rows = rows.await?;
    let total: u64 = rows.values().filter_map(serde_json::Value::as_u64).sum();
    said(
        format!("Exported tenant {slug}: {total} rows in {} tables.", rows.len()),
        json!({ "tenant": slug, "rows": rows }),
    )
}

/// Hands pieces on, as fast as they are taken. Only for threads that may block.
struct Pieces {
    report: mpsc::Sender<Report>,
    waiting: BytesMut,
}

impl Pieces {
    fn send(&self, piece: Bytes) -> io::Result<()> {
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody takes the export any more");
        self.report.blocking_send(Report::Piece(piece)).map_err(gone)
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        while self.waiting.len() >= PIECE {
            let piece = self.waiting.split_to(PIECE).freeze();
            self.send(piece)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let last = self.waiting.split().freeze();
        if last.is_empty() { Ok(()) } else { self.send(last) }
    }
}
