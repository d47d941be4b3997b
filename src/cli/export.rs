//! `tenant export`: takes the pieces into a file that has its name only once it is whole.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use rustix::fs::{AtFlags, CWD, Mode, OFlags};

use super::args::Plain;
use super::command::{Command, Report};
use super::{instance, output, settings};
use crate::error::Result;

/// Writes the export of a tenant to `to`.
pub async fn run(slug: String, to: &Path, plain: &Plain) -> Result<bool> {
    let settings = settings::of(&plain.place, None)?.settings;
    let mut file = Unnamed::beside(to)?;
    let take = |report| {
        if let Report::Piece(piece) = report {
            file.0.write_all(&piece).with_context(|| format!("writing {}", to.display()))?;
        }
        Ok(())
    };
    let mut outcome =
        instance::run_with_file(&settings, Command::TenantExport { slug }, tokio::io::empty(), take).await?;
    file.name(to)?;
    outcome.json["file"] = to.display().to_string().into();
    output::answer(plain.json, &format!("{} Written to {}.", outcome.text, to.display()), &outcome.json);
    Ok(true)
}

/// A file without a name: whatever ends the process before it gets one, nothing is left of it.
struct Unnamed(File);

impl Unnamed {
    fn beside(to: &Path) -> Result<Self> {
        if to.symlink_metadata().is_ok() {
            return Err(there(to));
        }
        let folder = match to.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        let made = rustix::fs::open(&folder, flags, Mode::RUSR | Mode::WUSR);
        Ok(Self(made.with_context(|| format!("making a file in {}", folder.display()))?.into()))
    }

    /// Gives it its name, which nothing may have meanwhile.
    fn name(self, to: &Path) -> Result<()> {
        self.0.sync_all().with_context(|| format!("writing {}", to.display()))?;
        let held = format!("/proc/self/fd/{}", self.0.as_raw_fd());
        match rustix::fs::linkat(CWD, held, CWD, to, AtFlags::SYMLINK_FOLLOW) {
            Err(rustix::io::Errno::EXIST) => Err(there(to)),
            named => Ok(named.with_context(|| format!("naming {}", to.display()))?),
        }
    }
}

fn there(to: &Path) -> crate::error::Error {
    anyhow!("{} is there already: name another file", to.display()).into()
}
