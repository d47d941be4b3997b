//! Watches the built page, so that a binary never carries a stale one. Needs no Node: a build without the page serves a sentence
//! in its place.

use std::hash::{DefaultHasher, Hasher};
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let dist = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("web").join("dist");
    println!("cargo::rerun-if-changed=web/dist");
    let mut hasher = DefaultHasher::new();
    if dist.join("index.html").exists() {
        stamp(&dist, &mut hasher)?;
    }
    println!("cargo::rustc-env=PULSEPOINT_WEB_STAMP={:016x}", hasher.finish());
    Ok(())
}

fn stamp(folder: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        hasher.write(path.as_os_str().as_encoded_bytes());
        if entry.file_type()?.is_dir() {
            stamp(&path, hasher)?;
        } else {
            hasher.write(&fs::read(&path)?);
        }
    }
    Ok(())
}
