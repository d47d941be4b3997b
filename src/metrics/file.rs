//! An answer as it was asked for: as JSON, or as a CSV file, of which the audit log tells.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::auth::Member;
use crate::error::{Error, Result};
use crate::http::Json;
use crate::metrics::routes::says;

/// An answer as a file.
pub struct File {
    /// The uid of the brand it is about.
    pub brand: String,
    /// Without its ending.
    pub name: String,
    /// What is in it, in the audit log's words.
    pub metrics: Vec<String>,
    /// Without the header.
    pub rows: usize,
    /// CSV.
    pub text: Vec<u8>,
}

/// Whether an answer is to be a file: by its `format`, else by what the client accepts.
///
/// # Errors
/// `Invalid` where there is no such format.
pub fn wants_csv(format: Option<&str>, headers: &HeaderMap) -> Result<bool> {
    match format {
        None => Ok(says(headers, &header::ACCEPT, "text/csv")),
        Some("json") => Ok(false),
        Some("csv") => Ok(true),
        Some(_) => Err(Error::invalid_code("unknown_format", Some("format"), "An answer comes as json or csv.")),
    }
}

/// The answer as JSON, or as the file that `written` makes of it: then the audit log gets an entry, dated `at`, before the file
/// leaves.
///
/// # Errors
/// What SQLite says where the entry cannot be written.
pub async fn answered<T, F>(member: &Member, at: Timestamp, as_csv: bool, answer: T, written: F) -> Result<Response>
where
    T: Serialize,
    F: FnOnce(&T) -> File,
{
    if !as_csv {
        return Ok(Json(answer).into_response());
    }
    let file = written(&answer);
    let (by, subject) = (member.author(), format!("brand:{}", file.brand));
    let told = json!({ "format": "csv", "metrics": file.metrics, "rows": file.rows });
    member.tenant.db().write(move |tx| by.tell(tx, at, "figures.exported", &subject, told)).await?;
    let name = format!("attachment; filename=\"{}.csv\"", file.name);
    let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned());
    Ok(([kind, (header::CONTENT_DISPOSITION, name)], file.text).into_response())
}
