//! The demo's data folder: it is marked, so that neither a demo is made over real data nor real data deleted as a demo.

use std::path::Path;

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// Name of the mark.
const MARK: &str = "demo.json";

/// What is in the folder. Written when the filling begins, and again when it is complete.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Mark {
    seed: u64,
    /// Everything up to this time is there; none while it is being filled for the first time.
    pub(super) filled_to: Option<Timestamp>,
}

impl Mark {
    /// Whether there is more to make up.
    pub(super) fn is_behind(&self, now: Timestamp) -> bool {
        self.filled_to.is_none_or(|filled_to| filled_to < now)
    }
}

/// Makes the folder ready for a demo of this seed and time: empty, or holding the same shop up to an earlier time.
pub(super) fn prepare(data: &Path, seed: u64, now: Timestamp, reset: bool) -> Result<Mark> {
    let (shown, mark) = (data.display(), read(data)?);
    let mark = match mark {
        None if data.join("control.db").exists() => {
            let hint = "it holds data that is no demo; name another folder with --data";
            return Err(anyhow!("{shown} is not touched: {hint}").into());
        }
        Some(mark) if !reset && mark.filled_to.is_some() => mark,
        _ => {
            empty(data)?;
            let mark = Mark { seed, filled_to: None };
            write(data, &mark)?;
            mark
        }
    };
    if mark.seed != seed {
        return Err(anyhow!("the demo in {shown} was made with --seed {}: add --reset to make another", mark.seed).into());
    }
    match mark.filled_to {
        Some(filled_to) if filled_to > now => {
            Err(anyhow!("the demo in {shown} goes on to {filled_to:.0}, which is after {now:.0}: add --reset").into())
        }
        _ => Ok(mark),
    }
}

/// Notes that the filling is complete.
pub(super) fn remember(data: &Path, seed: u64, filled_to: Timestamp) -> Result<()> {
    write(data, &Mark { seed, filled_to: Some(filled_to) })
}

fn read(data: &Path) -> Result<Option<Mark>> {
    let path = data.join(MARK);
    match std::fs::read(&path) {
        Ok(text) => Ok(serde_json::from_slice(&text).with_context(|| format!("reading {}", path.display()))?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display()))?,
    }
}

fn write(data: &Path, mark: &Mark) -> Result<()> {
    let (path, beside) = (data.join(MARK), data.join("demo.json.new"));
    let text = serde_json::to_vec(mark).context("writing the demo's mark")?;
    let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, &path));
    Ok(written.with_context(|| format!("writing {}", path.display()))?)
}

/// Deletes what a demo is made of, and nothing else that somebody may have put there.
fn empty(data: &Path) -> Result<()> {
    let gone = |outcome: std::io::Result<()>| match outcome {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    let emptying = || format!("emptying {}", data.display());
    gone(std::fs::remove_dir_all(data.join("tenants"))).with_context(emptying)?;
    for name in ["control.db", "control.db-wal", "control.db-shm", "master.key"] {
        gone(std::fs::remove_file(data.join(name))).with_context(emptying)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_folder_is_used_again_only_for_the_same_shop() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let (early, late) = (at("2026-11-01T00:00:00Z"), at("2026-11-20T00:00:00Z"));
        assert!(prepare(data, 1, early, false).unwrap().is_behind(early));
        std::fs::write(data.join("control.db"), "half filled").unwrap();
        prepare(data, 1, early, false).unwrap();
        assert!(!data.join("control.db").exists(), "an unfinished filling begins anew");
        std::fs::write(data.join("control.db"), "filled").unwrap();
        remember(data, 1, early).unwrap();
        assert!(!prepare(data, 1, early, false).unwrap().is_behind(early));
        assert!(prepare(data, 1, late, false).unwrap().is_behind(late));
        assert!(prepare(data, 2, late, false).unwrap_err().to_string().contains("--reset"));
        remember(data, 1, late).unwrap();
        assert!(prepare(data, 1, early, false).unwrap_err().to_string().contains("--reset"));
        prepare(data, 2, early, true).unwrap();
        assert!(!data.join("control.db").exists());
    }

    #[test]
    fn real_data_is_never_taken_for_a_demo() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("control.db"), "precious").unwrap();
        for reset in [false, true] {
            let refused = prepare(folder.path(), 1, Timestamp::UNIX_EPOCH, reset).unwrap_err().to_string();
            assert!(refused.contains("is not touched"), "{refused}");
        }
        assert_eq!(std::fs::read(folder.path().join("control.db")).unwrap(), b"precious");
    }
}
