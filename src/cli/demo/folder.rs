//! The demo's data folder: it is marked, so that neither a demo is made among real data nor real data deleted as a demo.

use std::io::{Error, ErrorKind};
use std::path::Path;

use anyhow::{Context, anyhow};

use crate::error::Result;

/// Name of the mark.
const MARK: &str = "demo.txt";
const MARK_TEXT: &str = "A demo lives here: `pulsepoint demo --reset` deletes it and makes another.\n";

/// Makes the folder ready for a demo: it holds one, or nothing yet.
pub(super) fn prepare(data: &Path, reset: bool) -> Result<()> {
    let marked = data.join(MARK).exists();
    if !marked && data.join("control.db").exists() {
        let shown = data.display();
        return Err(anyhow!("{shown} is not touched: its data is no demo. Name another folder with --data").into());
    }
    if marked && reset {
        empty(data).with_context(|| format!("emptying {}", data.display()))?;
    }
    Ok(std::fs::write(data.join(MARK), MARK_TEXT).with_context(|| format!("writing to {}", data.display()))?)
}

/// Deletes what a demo is made of, and nothing else that somebody may have put there.
fn empty(data: &Path) -> std::io::Result<()> {
    let gone = |outcome: Result<(), Error>| match outcome {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    // The keys first: a folder that was emptied half-way is noise, not a broken demo.
    for name in ["control.db", "control.db-wal", "control.db-shm", "master.key"] {
        gone(std::fs::remove_file(data.join(name)))?;
    }
    gone(std::fs::remove_dir_all(data.join("tenants")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_empties_a_demo_and_only_a_demo() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        prepare(data, false).unwrap();
        std::fs::write(data.join("control.db"), "a demo").unwrap();
        std::fs::create_dir_all(data.join("tenants/x")).unwrap();
        prepare(data, false).unwrap();
        assert!(data.join("control.db").exists());
        prepare(data, true).unwrap();
        assert!(!data.join("control.db").exists() && !data.join("tenants").exists());
        std::fs::remove_file(data.join(MARK)).unwrap();
        std::fs::write(data.join("control.db"), "precious").unwrap();
        for reset in [false, true] {
            let refused = prepare(data, reset).unwrap_err().to_string();
            assert!(refused.contains("is not touched"), "{refused}");
        }
        assert_eq!(std::fs::read(data.join("control.db")).unwrap(), b"precious");
    }
}
