//! `instance-token …`.

use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{listed, missing, operator, said};
use crate::app::App;
use crate::auth::instance::{self, TokenRow};
use crate::cli::command::Outcome;
use crate::error::{Error, Result};

pub(super) async fn add(app: &App, name: &str, days: u16) -> Result<Outcome> {
    let now = app.clock.system_time();
    let (row, token) = instance::create(&app.tenants, (name, Some(days)), operator(), now).await?;
    let text = format!(
        "{}\n\nThe token is shown this once; it is good until {:.0}. It goes into the header Authorization: Bearer …",
        token.expose_secret(),
        time(row.expires_at_ms)
    );
    let mut json = shown(&row, now);
    json["token"] = token.expose_secret().into();
    said(text, json)
}

pub(super) async fn list(app: &App) -> Result<Outcome> {
    let (rows, now) = (instance::list(&app.tenants).await?, app.clock.system_time());
    let line = |row: &TokenRow| {
        let over = if row.is_over(now) { ", over" } else { "" };
        let used = row.last_used_ms.map_or_else(|| "never".to_owned(), |at| format!("{:.0}", time(at)));
        let until = format!("{:.0}{over}", time(row.expires_at_ms));
        vec![row.id.clone(), row.name.clone(), format!("{:.0}", time(row.created_at_ms)), until, used]
    };
    let lines: Vec<Vec<String>> = rows.iter().map(line).collect();
    let none = "There is no instance token. Next: pulsepoint instance-token add <name>";
    let json: Vec<Value> = rows.iter().map(|row| shown(row, now)).collect();
    listed(&["id", "name", "made", "good until", "last use"], &lines, none, json!({ "tokens": json }))
}

pub(super) async fn revoke(app: &App, id: &str) -> Result<Outcome> {
    match instance::revoke(&app.tenants, id, operator(), app.clock.system_time()).await {
        Err(Error::NotFound) => {
            Err(missing(format!("there is no instance token \"{id}\": see `pulsepoint instance-token list`")))
        }
        done => done,
    }?;
    said(format!("Revoked instance token {id}."), json!({ "id": id, "revoked": true }))
}

fn shown(row: &TokenRow, now: Timestamp) -> Value {
    json!({
        "id": row.id, "name": row.name, "prefix": instance::prefix(&row.id), "created_at": time(row.created_at_ms),
        "expires_at": time(row.expires_at_ms), "expired": row.is_over(now), "last_used_at": row.last_used_ms.map(time),
    })
}

fn time(at_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(at_ms).unwrap_or_default()
}
