//! `import`: one file, from wherever it comes, into one brand.

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{author, brands, tenant_of};
use crate::app::App;
use crate::cli::command::{self, Outcome, Progress, Report, Upload};
use crate::error::Result;
use crate::imports::{self, Import, Options};

pub(super) async fn run(
    app: &App,
    command: command::Import,
    file: Upload,
    progress: mpsc::Sender<Report>,
) -> Result<Outcome> {
    let tenant = tenant_of(app, &command.tenant).await?;
    let brand = brands::brand_of(&tenant, &command.brand).await?;
    let options = Options {
        file_name: command.file_name,
        format: command.format,
        map: command.map,
        account: command.account,
        currency: command.currency,
        timezone: command.timezone,
        date_format: command.date_format,
    };
    // A report that finds no place is dropped: the next one says more.
    let tell = move |now: imports::Progress| drop(progress.try_send(Report::Progress(shown(now))));
    let done = app.imports.run_file((&tenant, &brand), options, author(), file, tell).await?;
    let (id, kept) = (done.id.clone(), done.counts.rejected > 0);
    let refused = match kept {
        true => tenant.db().read(move |conn| imports::rejects(conn, &id)).await?,
        false => Vec::new(),
    };
    Ok(Outcome { text: text(&done, &refused), json: json(&done, &refused) })
}

fn shown(now: imports::Progress) -> Progress {
    Progress { rows_read: now.rows_read, bytes_done: now.bytes_done, bytes_total: Some(now.bytes_total) }
}

/// Refused rows that are shown at once.
const SHOWN: usize = 5;

fn text(done: &Import, refused: &[imports::RejectedRow]) -> String {
    let counts = done.counts;
    let mut lines = vec![format!(
        "{}: {} rows read, {} landed, {} unchanged, {} rejected",
        done.format, counts.read, counts.landed, counts.unchanged, counts.rejected
    )];
    lines.extend(refused.iter().take(SHOWN).map(|row| format!("  line {}: {}", row.line, row.reason)));
    if counts.rejected > SHOWN as u64 {
        lines.push("  the import page and --json show more of them".to_owned());
    }
    lines.join("\n")
}

fn json(done: &Import, refused: &[imports::RejectedRow]) -> Value {
    let counts = done.counts;
    let rejects: Vec<Value> = refused.iter().map(|row| json!({ "line": row.line, "reason": row.reason })).collect();
    json!({
        "id": done.id, "format": done.format, "state": done.state, "error": done.error, "bytes": done.bytes_total,
        "rows_read": counts.read, "rows_landed": counts.landed, "rows_unchanged": counts.unchanged,
        "rows_rejected": counts.rejected, "rejects": rejects,
    })
}
