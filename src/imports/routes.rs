//! Imports over HTTP: an upload, the list, one with its progress, its refused rows, and the formats there are.

use axum::extract::multipart::MultipartError;
use axum::extract::{Multipart, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt;
use jiff::Timestamp;
use serde::Serialize;
use tokio_util::io::StreamReader;

use super::runner::Upload;
use super::{Format, Import, Imports, Options, Progress, RejectedRow, store};
use crate::auth::Member;
use crate::brands::{self, Brand};
use crate::error::{Error, Result};
use crate::http::{Json, Path, Problem};
use crate::tenants::Tenant;

/// Bytes of a form field other than the file.
const FIELD_BYTES: usize = 64 << 10;

/// An import as people see it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ImportView {
    /// UUID.
    id: String,
    file_name: String,
    /// `queued`, `running`, `done`, `failed` or `interrupted`.
    state: String,
    /// One of the names of `GET /api/imports/formats`.
    format: String,
    /// A sentence saying why it ended early.
    error: Option<String>,
    /// Rows of the file.
    rows_read: u64,
    /// Rows of the store that are new or changed.
    rows_landed: u64,
    /// Rows of the store that were there already as they are.
    rows_unchanged: u64,
    /// Rows of the file that could not land.
    rows_rejected: u64,
    /// Where those rows are, with line numbers and reasons; null where there are none.
    rejects_url: Option<String>,
    bytes_done: u64,
    bytes_total: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

/// A brand's imports, newest first.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ImportList {
    imports: Vec<ImportView>,
}

/// A kind of file that can be imported.
#[derive(Serialize, utoipa::ToSchema)]
pub struct FormatView {
    name: &'static str,
    label: &'static str,
    /// `orders`, `products`, `inventory`, `ads`, `costs` or `rates`.
    kind: &'static str,
    /// Options that such a file may need: `account`, `currency`, `timezone`, `date_format`.
    needs: &'static [&'static str],
}

/// The form of `POST /api/brands/{brand}/imports`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form; its fields are read as they arrive")]
pub struct ImportForm {
    /// The export file as it is, or packed with gzip.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Recognised by the header where absent.
    format: Option<String>,
    /// The mapping file (TOML) of an orders file with columns of its own.
    map: Option<String>,
    /// The ad account, or the store of an orders file.
    account: Option<String>,
    currency: Option<String>,
    timezone: Option<String>,
    /// `DD/MM/YYYY` or `MM/DD/YYYY`.
    date_format: Option<String>,
}

fn view(import: Import, brand: &Brand, live: Option<Progress>) -> ImportView {
    let counts = import.counts;
    let done = if import.finished_at.is_some() { import.bytes_total } else { 0 };
    let rejects_url =
        (counts.rejected > 0).then(|| format!("/api/brands/{}/imports/{}/rejects", brand.slug, import.id));
    ImportView {
        rows_read: live.map_or(0, |l| l.rows_read).max(counts.read),
        rows_landed: counts.landed,
        rows_unchanged: counts.unchanged,
        rows_rejected: counts.rejected,
        rejects_url,
        bytes_done: live.map_or(done, |l| l.bytes_done),
        bytes_total: import.bytes_total,
        created_at: import.created_at,
        finished_at: import.finished_at,
        id: import.id,
        file_name: import.file_name,
        state: import.state,
        format: import.format,
        error: import.error,
    }
}

/// The kinds of files that are understood.
#[utoipa::path(get, path = "/api/imports/formats", tag = "imports", responses(
    (status = 200, body = Vec<FormatView>), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn formats(_: Member) -> Json<Vec<FormatView>> {
    let view = |f: Format| FormatView { name: f.name(), label: f.label(), kind: f.kind(), needs: f.needs() };
    Json(Format::ALL.map(view).into())
}

/// Takes a file in. It is imported in the background; the answer says under which id.
#[utoipa::path(post, path = "/api/brands/{brand}/imports", tag = "imports", params(("brand" = String, Path, description = "Id or slug")),
    request_body(content = ImportForm, content_type = "multipart/form-data"), responses(
    (status = 202, body = ImportView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    member: Member,
    State(imports): State<Imports>,
    Path(key): Path<String>,
    form: Multipart,
) -> Result<(StatusCode, Json<ImportView>)> {
    let reach = member.reach.clone();
    let brand = member.tenant.db().read(move |conn| brands::get(conn, &reach, &key)).await?;
    let (options, upload) = read_form(&imports, &member.tenant, form).await?;
    let accepted = imports.begin((&member.tenant, &brand), options, member.author(), upload).await?;
    Ok((StatusCode::ACCEPTED, Json(one(&imports, &member.tenant, brand, accepted.id).await?)))
}

/// The brand's imports.
#[utoipa::path(get, path = "/api/brands/{brand}/imports", tag = "imports", params(("brand" = String, Path, description = "Id or slug")),
    responses((status = 200, body = ImportList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn list(member: Member, State(imports): State<Imports>, Path(key): Path<String>) -> Result<Json<ImportList>> {
    let reach = member.reach;
    let read = member.tenant.db().read(move |conn| {
        let brand = brands::get(conn, &reach, &key)?;
        Ok((store::list(conn, brand.id)?, brand))
    });
    let (all, brand) = read.await?;
    let mut views = Vec::with_capacity(all.len());
    for import in all {
        let live = imports.progress(&member.tenant, &import.id).await?;
        views.push(view(import, &brand, live));
    }
    Ok(Json(ImportList { imports: views }))
}

/// One import, with its progress while it runs.
#[utoipa::path(get, path = "/api/brands/{brand}/imports/{id}", tag = "imports",
    params(("brand" = String, Path, description = "Id or slug"), ("id" = String, Path)), responses(
    (status = 200, body = ImportView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn show(
    member: Member,
    State(imports): State<Imports>,
    Path((key, id)): Path<(String, String)>,
) -> Result<Json<ImportView>> {
    let reach = member.reach.clone();
    let brand = member.tenant.db().read(move |conn| brands::get(conn, &reach, &key)).await?;
    Ok(Json(one(&imports, &member.tenant, brand, id).await?))
}

/// The refused rows that were kept: line, reason and the row as it stood, safe to open in a spreadsheet.
#[utoipa::path(get, path = "/api/brands/{brand}/imports/{id}/rejects", tag = "imports",
    params(("brand" = String, Path, description = "Id or slug"), ("id" = String, Path)), responses(
    (status = 200, body = String, content_type = "text/csv"), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn rejects(member: Member, Path((key, id)): Path<(String, String)>) -> Result<Response> {
    let reach = member.reach;
    let read = member.tenant.db().read(move |conn| {
        let brand = brands::get(conn, &reach, &key)?;
        store::get(conn, brand.id, &id)?;
        store::rejects(conn, &id)
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"rejected-rows.csv\""),
    ];
    Ok((headers, rejects_csv(&read.await?)).into_response())
}

async fn one(imports: &Imports, tenant: &Tenant, brand: Brand, id: String) -> Result<ImportView> {
    // Asked before the store, so that an import that ends in between is seen as ended.
    let live = imports.progress(tenant, &id).await?;
    let brand_id = brand.id;
    let import = tenant.db().read(move |conn| store::get(conn, brand_id, &id)).await?;
    let live = live.filter(|_| import.finished_at.is_none());
    Ok(view(import, &brand, live))
}

/// Reads the form's parts in whatever order they come; the file is kept sealed as it arrives.
async fn read_form(imports: &Imports, tenant: &Tenant, mut form: Multipart) -> Result<(Options, Upload)> {
    let (mut options, mut upload) = (Options::default(), None);
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            if upload.is_some() {
                return Err(Error::invalid("file", "One file at a time."));
            }
            options.file_name = plain_name(field.file_name().unwrap_or("upload.csv"));
            let bytes = Box::pin(field.map_err(upload_error));
            upload = Some(imports.receive(tenant, StreamReader::new(bytes)).await?);
            continue;
        }
        let mut text = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(broken)? {
            if text.len() + chunk.len() > FIELD_BYTES {
                return Err(Error::TooLarge {
                    reason: format!("The field \"{name}\" is longer than {} kB.", FIELD_BYTES >> 10),
                });
            }
            text.extend_from_slice(&chunk);
        }
        let text = String::from_utf8(text).map_err(|_| Error::invalid(&name, "This is not UTF-8 text."))?;
        let slot = match name.as_str() {
            "format" => &mut options.format,
            "map" => &mut options.map,
            "account" => &mut options.account,
            "currency" => &mut options.currency,
            "timezone" => &mut options.timezone,
            "date_format" => &mut options.date_format,
            _ => return Err(Error::invalid(&name, "The form has no such field.")),
        };
        if slot.replace(text).is_some() {
            return Err(Error::invalid(&name, "The field comes twice."));
        }
    }
    let upload = upload.ok_or_else(|| Error::invalid("file", "The form has no file."))?;
    Ok((options, upload))
}

const TOO_LARGE: &str = "The upload is larger than this instance accepts.";

fn upload_error(error: MultipartError) -> std::io::Error {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => std::io::Error::new(std::io::ErrorKind::FileTooLarge, TOO_LARGE),
        _ => std::io::Error::other(error),
    }
}

fn broken(error: MultipartError) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Error::TooLarge { reason: TOO_LARGE.to_owned() };
    }
    Error::invalid("file", format!("The form cannot be read: {}.", error.body_text()))
}

/// A file's own name, without folders and control characters.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !c.is_control()).take(200).collect();
    if plain.is_empty() { "upload.csv".to_owned() } else { plain }
}

/// Every cell quoted; one that a spreadsheet would take for a formula gets an apostrophe before it.
fn rejects_csv(rows: &[RejectedRow]) -> String {
    let mut out = String::from("line,reason,row\r\n");
    for RejectedRow { line, reason, row } in rows {
        out.push_str(&line.to_string());
        for cell in [reason, row] {
            out.push_str(",\"");
            if cell.trim_start_matches(['"', ' ']).starts_with(['=', '+', '-', '@', '\t', '\r']) {
                out.push('\'');
            }
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        }
        out.push_str("\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_rows_open_safely_in_a_spreadsheet() {
        let row = |text: &str| RejectedRow { line: 7, reason: "No \"date\".".into(), row: text.into() };
        let csv = rejects_csv(&[row("=cmd|' /C calc'!A0,1"), row("\"=1+1\",2"), row("plain,-1")]);
        assert_eq!(
            csv,
            "line,reason,row\r\n7,\"No \"\"date\"\".\",\"'=cmd|' /C calc'!A0,1\"\r\n7,\"No \"\"date\"\".\",\"'\"\"=1+1\"\",2\"\r\n7,\"No \"\"date\"\".\",\"plain,-1\"\r\n"
        );
    }

    #[test]
    fn file_names_lose_their_folders() {
        assert_eq!(plain_name("C:\\x\\orders.csv"), "orders.csv");
        assert_eq!(plain_name("../../etc/passwd"), "passwd");
        assert_eq!(plain_name("a\u{0}b\n.csv"), "ab.csv");
        assert_eq!(plain_name("/"), "upload.csv");
    }
}
