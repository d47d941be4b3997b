//! What can be seen from outside the stores: folder, keys, disk, port, clock, versions.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::super::versions::Versions;
use super::{Check, Holder, State};
use crate::backup::Destination;
use crate::clock::Clock;
use crate::config::{self, Settings};
use crate::secrets::{KeySource, MasterKey};
use crate::tls;

/// Below this, in bytes, a store may be unable to commit.
const LITTLE_SPACE: u64 = 512 << 20;
/// Below this nothing works for long.
const NO_SPACE: u64 = 32 << 20;
/// No clock is right that shows an earlier time: Pulsepoint did not exist.
const EARLIEST: &str = "2026-01-01T00:00:00Z";

/// Whose the folder is, and who else may look inside.
pub(super) fn data_folder(data: &Path) -> Check {
    const NAME: &str = "data folder";
    let shown = data.display();
    let Ok(folder) = std::fs::metadata(data) else {
        return Check::new(NAME, State::Good, format!("{shown} is not there yet: `pulsepoint serve` makes it"));
    };
    let own = rustix::process::getuid().as_raw();
    if folder.uid() != own && own != 0 {
        return Check::new(NAME, State::Bad, format!("{shown} belongs to user {}, not to you", folder.uid()));
    }
    let open: Vec<String> = [data.to_owned(), data.join("control.db"), data.join("master.key"), data.join("tenants")]
        .into_iter()
        .filter(|path| std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0))
        .map(|path| path.display().to_string())
        .collect();
    match open.is_empty() {
        true => Check::new(NAME, State::Good, format!("{shown}, for its owner alone")),
        false => {
            let open = open.join(" ");
            Check::new(NAME, State::Warning, format!("others may look into {open}: chmod go= {open}"))
        }
    }
}

/// Whether the store that backups go to answers, if they go to one.
pub(super) async fn store(settings: &Settings) -> Option<Check> {
    const NAME: &str = "store";
    let place = &settings.backup.folder;
    if !matches!(place, Destination::S3 { .. }) {
        return None;
    }
    Some(match settings.backup.ask().await {
        Ok(()) => Check::new(NAME, State::Good, format!("{place} answers, and what is there can be listed")),
        Err(error) => Check::new(NAME, State::Bad, format!("backups go to {place}: {error}")),
    })
}

/// Which master key is in use and where it lies.
pub(super) fn keys(data: &Path) -> Check {
    const NAME: &str = "keys";
    if !data.join("control.db").exists() && !data.join("master.key").exists() {
        let said = match config::master_key_from_environment() {
            Some(_) => "PULSEPOINT_MASTER_KEY is set; nothing is sealed under it yet",
            None => "none yet: the first start makes one",
        };
        return Check::new(NAME, State::Good, said);
    }
    match MasterKey::load(data, config::master_key_from_environment(), false) {
        Ok((_, KeySource::File(path))) => {
            let said =
                format!("the master key is {}; keep a copy elsewhere, the data is lost without it", path.display());
            Check::new(NAME, State::Good, said)
        }
        Ok((_, source)) => Check::new(NAME, State::Good, format!("the master key is {source}")),
        Err(error) => Check::new(NAME, State::Bad, error.to_string()),
    }
}

/// Room where the data lies, or where it will.
pub(super) fn disk(data: &Path) -> Check {
    const NAME: &str = "disk";
    let there = data.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    let room = match rustix::fs::statvfs(there) {
        Ok(room) => room,
        Err(error) => return Check::new(NAME, State::Bad, format!("{}: {error}", there.display())),
    };
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    let said = format!("{} MB free at {}", free >> 20, there.display());
    match free {
        _ if room.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY) => {
            Check::new(NAME, State::Bad, format!("{} is read-only", there.display()))
        }
        ..NO_SPACE => Check::new(NAME, State::Bad, format!("{said}: make room")),
        NO_SPACE..LITTLE_SPACE => Check::new(NAME, State::Warning, format!("{said}: make room soon")),
        _ => Check::new(NAME, State::Good, said),
    }
}

/// Whether the address is free for a server, or is the server's.
pub(super) fn port(listen: SocketAddr, holder: &Holder) -> Check {
    const NAME: &str = "port";
    match (TcpListener::bind(listen), holder) {
        (Ok(_), Holder::Process(_)) => {
            Check::new(NAME, State::Good, format!("{listen} is free: whoever has the data folder listens elsewhere"))
        }
        (Ok(_), _) => Check::new(NAME, State::Good, format!("{listen} is free")),
        (Err(_), Holder::Process(Some(pid))) => {
            Check::new(NAME, State::Good, format!("{listen} is in use, as it should be while process {pid} serves"))
        }
        (Err(error), _) => {
            let said = format!("{listen} cannot be had ({error}): choose another with --listen or PULSEPOINT_LISTEN");
            Check::new(NAME, State::Bad, said)
        }
    }
}

/// Whether what is served can be, and for how long.
pub(super) fn certificate(settings: &Settings) -> Check {
    const NAME: &str = "certificate";
    let now = Clock::system().system_time();
    let about = match tls::look(&settings.tls, &settings.data) {
        Ok(Some(about)) => about,
        Ok(None) if settings.tls.mode == tls::Mode::Auto => {
            return Check::new(NAME, State::Good, "none yet: the first start makes one");
        }
        Ok(None) if settings.tls.mode == tls::Mode::Acme => {
            let said = "none yet: the running server fetches one, and its log says why it has not";
            return Check::new(NAME, State::Warning, said);
        }
        Ok(None) => return Check::new(NAME, State::Good, "none: plain HTTP, for this machine or behind a proxy"),
        Err(error) => return Check::new(NAME, State::Bad, error.to_string()),
    };
    let (path, end) = (about.path.display(), about.not_after);
    let left = end.duration_since(now).as_hours() / 24;
    match () {
        () if about.not_before > now => {
            Check::new(NAME, State::Bad, format!("{path} is good from {:.0} on: is the clock right?", about.not_before))
        }
        () if end <= now => Check::new(NAME, State::Bad, format!("{path} ended on {end:.0}: renew it")),
        () if left < tls::RENEW_DAYS => {
            Check::new(NAME, State::Warning, format!("{path} ends on {end:.0}, in {left} days: renew it"))
        }
        () => Check::new(NAME, State::Good, format!("{path} is good until {end:.0}")),
    }
}

/// Whether the system's clock can be right.
pub(super) fn clock(data: &Path) -> Check {
    const NAME: &str = "clock";
    let now = Clock::system().system_time();
    let written = std::fs::metadata(data.join("control.db")).and_then(|file| file.modified()).ok();
    let written = written.and_then(|time| Timestamp::try_from(time).ok());
    let earliest = EARLIEST.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    match written {
        _ if now < earliest => Check::new(NAME, State::Bad, format!("it shows {now:.0}, which is past: set it")),
        Some(written) if written.duration_since(now) > SignedDuration::from_hours(1) => {
            let said = format!("it shows {now:.0}, but the data was written at {written:.0}: set it");
            Check::new(NAME, State::Warning, said)
        }
        _ => Check::new(NAME, State::Good, format!("{now:.0}")),
    }
}

/// The engines inside.
pub(super) fn versions() -> Check {
    match Versions::read() {
        Ok(versions) => Check::new("versions", State::Good, versions.line()),
        Err(error) => Check::new("versions", State::Bad, error.to_string()),
    }
}
