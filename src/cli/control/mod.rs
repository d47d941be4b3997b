//! The control socket: how a command reaches the server that has the data folder. Mode 0600, in a folder of mode 0700.

mod client;
mod server;
mod wire;

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::error::Result;

pub use client::ask;
pub use server::Control;

/// Name of the socket in the data folder.
const NAME: &str = "control.sock";
/// Longer addresses do not fit a socket, in bytes.
const LONGEST: usize = 100;

/// An address of the socket; short however long the folder's path is.
struct Address {
    path: PathBuf,
    /// The folder, held open where the address goes through it.
    _folder: Option<File>,
}

impl Address {
    fn of(data: &Path) -> Result<Self> {
        let path = data.join(NAME);
        if path.as_os_str().len() <= LONGEST {
            return Ok(Self { path, _folder: None });
        }
        let folder = File::open(data).with_context(|| format!("opening the data folder {}", data.display()))?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{NAME}", folder.as_raw_fd()));
        Ok(Self { path, _folder: Some(folder) })
    }
}

#[cfg(test)]
mod tests;
