//! What connecting to each source takes, for the wizard: a table of ours, and what the connectors say themselves.

use std::sync::OnceLock;

use anyhow::Context;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Sync;
use crate::connectors::Source;
use crate::error::Result;

const TABLE: &str = include_str!("../../assets/sources.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    source: Vec<Row>,
}

/// What the table says of a source.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub name: Source,
    about: String,
    docs: String,
    #[serde(default)]
    pub sign_in: bool,
    #[serde(default)]
    webhooks: bool,
    steps: Vec<String>,
    permissions: Vec<SourcePermission>,
    pub fields: Vec<SourceField>,
}

/// A permission at the platform.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourcePermission {
    /// As the platform names it.
    scope: String,
    /// What it is for.
    why: String,
}

/// Something to type in.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceField {
    pub name: String,
    /// `credentials` or `settings`: where it stands in `POST /api/integrations`.
    pub place: String,
    label: String,
    /// Whether it has to be there.
    #[serde(default)]
    required: bool,
    /// Whether it is shown to nobody once it is typed in.
    #[serde(default)]
    secret: bool,
    /// Fields of one group go together; where there are several groups, one of them is enough.
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    example: Option<String>,
    #[serde(default)]
    help: Option<String>,
    /// Whether hardly anybody needs it.
    #[serde(default)]
    advanced: bool,
}

/// A source that can be connected to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SourceView {
    source: Source,
    /// What people call it.
    label: &'static str,
    about: &'static str,
    /// The provider's own page on how to get access.
    docs: &'static str,
    /// What is read, in the order in which it is first read.
    streams: Vec<StreamKind>,
    permissions: &'static [SourcePermission],
    /// What to do at the provider, one after the other.
    steps: &'static [String],
    fields: &'static [SourceField],
    /// Whether a person can allow access on the provider's page: `GET /api/oauth/{source}/start`.
    sign_in: bool,
    /// Whether it tells of changes itself.
    webhooks: bool,
    api_version: String,
    /// The first day on which that version is no longer served.
    #[schema(value_type = Option<String>, format = Date)]
    expires_on: Option<Date>,
    /// Why it cannot be reached from here, as a sentence: this installation is offline. Files can be imported all the same.
    unreachable: Option<String>,
}

/// A kind of thing that a source has.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StreamKind {
    name: &'static str,
    label: &'static str,
    /// The permission without which it stays empty.
    scope: Option<&'static str>,
    /// How far back its first pass can go, days; null is all there is.
    history_days: Option<u32>,
}

/// The table, read once.
///
/// # Errors
/// Where it is not what it should be, which a test would show.
pub(super) fn rows() -> Result<&'static [Row]> {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    if let Some(rows) = ROWS.get() {
        return Ok(rows);
    }
    let table: Table = toml::from_str(TABLE).context("reading the table of sources")?;
    Ok(ROWS.get_or_init(|| table.source))
}

impl Sync {
    /// Every source that can be connected to here.
    ///
    /// # Errors
    /// The table of sources that is part of this binary cannot be read.
    pub fn sources(&self) -> Result<Vec<SourceView>> {
        let rows = rows()?.iter();
        let known = rows.filter_map(|row| Some((row, self.connector(row.name).ok()?)));
        Ok(known
            .map(|(row, connector)| {
                let none = Map::<String, Value>::new();
                let version = connector.version(&none, self.shared());
                let streams = connector.streams().iter().map(|stream| StreamKind {
                    name: stream.name,
                    label: stream.label,
                    scope: stream.scope,
                    history_days: stream.history_days,
                });
                SourceView {
                    source: row.name,
                    label: row.name.label(),
                    about: &row.about,
                    docs: &row.docs,
                    streams: streams.collect(),
                    permissions: &row.permissions,
                    steps: &row.steps,
                    fields: &row.fields,
                    sign_in: row.sign_in,
                    webhooks: row.webhooks,
                    api_version: version.name,
                    expires_on: version.expires_on,
                    unreachable: self.unreachable(),
                }
            })
            .collect())
    }

    fn unreachable(&self) -> Option<String> {
        let shared = self.shared();
        let only_simulated = shared.offline && shared.sandbox_url.is_empty();
        only_simulated
            .then(|| "This installation is offline: sources need the internet. Files can be imported.".to_owned())
    }
}
