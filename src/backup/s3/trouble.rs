//! What the store or the way to it did wrong, for people.

use super::sender::Refusal;
use crate::error::Error;
use crate::outgoing::Failed;

/// How soon whoever asked may ask again.
const RETRY_SECS: u64 = 60;

/// What went wrong, in one sentence that is the same each time and holds neither an address nor a key.
pub(super) fn failed(error: &object_store::Error) -> Error {
    if let Some(refusal) = cause::<Refusal>(error) {
        return refused(refusal);
    }
    if let Some(failed) = cause::<Failed>(error) {
        return unavailable(match failed {
            Failed::Refused(_, why) => format!("may not be asked: {why}"),
            Failed::Unreached(_, why) => format!("cannot be reached: {why}"),
            Failed::Broken(_, why) => format!("broke off: {why}"),
            Failed::Slow(_) => "did not answer in time".to_owned(),
            Failed::TooLarge(_) => "answered with too much".to_owned(),
        });
    }
    tracing::debug!(%error, "an answer of the store of the backups is not understood");
    unavailable("gave an answer that is not understood".to_owned())
}

fn refused(refusal: &Refusal) -> Error {
    let hint = match (refusal.status, refusal.code.as_str()) {
        (_, "InvalidAccessKeyId" | "SignatureDoesNotMatch") => ": look at backup.s3.access_key_id and its secret",
        (_, "RequestTimeTooSkewed") => ": the clock of this machine or of the store is wrong",
        (_, "NoSuchBucket") => ": make the bucket, or look at backup.folder",
        (300..=399, _) => ": it lies elsewhere; look at backup.s3.region and backup.s3.endpoint",
        (401 | 403, _) => ": the key may not do this",
        _ => "",
    };
    unavailable(format!(
        "answered {}{}{}{hint}",
        refusal.status,
        if refusal.code.is_empty() { "" } else { " " },
        refusal.code
    ))
}

pub(super) fn cut(found: u64, expected: u64) -> Error {
    unavailable(format!("sent {found} bytes of {expected}"))
}

pub(super) fn unavailable(what: String) -> Error {
    let reason = format!("the store of the backups {what}");
    Error::Unavailable { code: "backup_store_unavailable", reason, retry_after_secs: RETRY_SECS }
}

pub(super) fn is_not_implemented(error: &object_store::Error) -> bool {
    cause::<Refusal>(error).is_some_and(|refusal| refusal.status == 501)
}

/// Whether it is refused for good, without S3's word for why.
pub(super) fn is_bare(error: &object_store::Error) -> bool {
    cause::<Refusal>(error).is_some_and(|refusal| refusal.status < 500 && refusal.code.is_empty())
}

/// Whether the connection ended before there was an answer.
pub(super) fn broke_off(error: &object_store::Error) -> bool {
    matches!(cause::<Failed>(error), Some(Failed::Broken(..)))
}

fn cause<T: std::error::Error + 'static>(error: &object_store::Error) -> Option<&T> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if let Some(found) = one.downcast_ref::<T>() {
            return Some(found);
        }
        cause = one.source();
    }
    None
}
