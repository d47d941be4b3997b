//! Secrets of people and programs: none lies in clear in any file, and none in a core file, for there is none.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use pulsepoint::auth::Role;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::backup::{by, made};
use crate::passkeys;
use crate::privacy::dumped;
use crate::second_factor::enrolled;
use crate::support::app::PASSWORD;
use crate::support::binary::Home;
use crate::support::device::Device;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// The bytes of base32 without padding.
fn base32(text: &str) -> Vec<u8> {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = text.chars().map(|c| format!("{:05b}", letters.find(c).unwrap())).collect();
    let byte = |bits: &[u8]| u8::from_str_radix(std::str::from_utf8(bits).unwrap(), 2).unwrap();
    bits.as_bytes().chunks_exact(8).map(byte).collect()
}

/// A key for programs, a secret of a second factor that waits and one that is in force, recovery codes, an invitation, a way back to a
/// password, a session and a passkey: of two tenants. Then every file, and what lies in the store under its seal.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_lies_in_clear_in_a_file_or_opens_with_the_store_alone() {
    let (app, shop, other) = passkeys::world().await;
    // What, and whether the store itself must not hold it either.
    let mut secrets: Vec<(&str, Vec<u8>)> = Vec::new();
    for shop in [&shop, &other] {
        let token = app.token(shop, Role::Owner);
        let ask = async |path: &str, body| {
            let answer = app.ask(Method::POST, path, Some(&token), Some(body)).await;
            assert!(answer.status.is_success(), "{path}: {answer:?}");
            answer.json()
        };
        let key = ask("/api/keys", json!({ "name": "till", "permissions": ["view"] })).await;
        let key = key["key"].as_str().unwrap().to_owned();
        assert!(key.starts_with("pp_live_"), "{key}");
        secrets.push(("API key", key.as_bytes()[17..].to_vec()));
        secrets.push(("API key", key.into_bytes()));
        let waits = ask("/api/auth/totp", json!({ "password": PASSWORD })).await["secret"].as_str().unwrap().to_owned();
        secrets.push(("second factor that waits", base32(&waits)));
        secrets.push(("second factor that waits", waits.into_bytes()));
        let (_, codes) = enrolled(&app, shop, Role::Analyst).await;
        assert!(codes.len() >= 8);
        secrets.extend(codes.into_iter().map(|code| ("recovery code", code.into_bytes())));
        let email = format!("new@{}.example", shop.tenant.slug());
        let link = ask("/api/users/invitations", json!({ "email": email, "role": "viewer" })).await;
        let link = link["link"].as_str().unwrap().rsplit(['#', '/', '=']).next().unwrap().to_owned();
        assert!(link.len() > 20, "{link}");
        secrets.push(("invitation", link.into_bytes()));
        let session = app.login(&shop.person(Role::Viewer).email, PASSWORD).await;
        assert_eq!(session.status, StatusCode::OK);
        secrets.push(("session", session.cookie().split_once('=').unwrap().1.as_bytes().to_vec()));
        let mut device = Device::at(passkeys::ORIGIN);
        let marketer = app.token(shop, Role::Marketer);
        passkeys::added(&app, &marketer, &mut device).await;
        secrets.push(("passkey's private key", device.keys[0].private().to_vec()));
        secrets.push(("access token", token.clone().into_bytes()));
    }
    secrets.push(("password", PASSWORD.as_bytes().to_vec()));
    for shop in [&shop, &other] {
        made(&app, shop).await;
    }
    app.app.backups.make_of_instance(None, by()).await.unwrap();
    let mut all = Vec::new();
    files(app.folder(), &mut all);
    assert!(all.len() > 8, "{all:?}");
    for path in &all {
        let bytes = std::fs::read(path).unwrap();
        for (what, secret) in &secrets {
            assert!(secret.len() >= 8, "{what} is too short to be looked for");
            assert!(memchr::memmem::find(&bytes, secret).is_none(), "{what} is in {path:?}");
        }
    }
    // Whoever has a copy of the store and its key learns hashes and sealed secrets.
    for shop in [&shop, &other] {
        let held = dumped(&shop.tenant);
        for (what, secret) in &secrets {
            let text = String::from_utf8_lossy(secret).to_lowercase();
            let hex = format!("{secret:02x?}");
            assert!(!held.contains(&text) && !held.contains(hex.trim_matches(['[', ']'])), "{what} is in the store");
        }
    }
}

/// Whether a process here would leave an image of itself.
fn images_are_written(folder: &Path) -> bool {
    let crash = "ulimit -c unlimited && kill -ABRT $$";
    let status = Command::new("sh").args(["-c", crash]).current_dir(folder).status().unwrap();
    status.core_dumped()
}

#[test]
fn a_server_that_crashes_leaves_no_image_of_itself() {
    let home = Home::new();
    let control = tempfile::tempdir().unwrap();
    let written = images_are_written(control.path());
    if !written {
        eprintln!("core files are not written on this machine; the limits are looked at alone");
    }
    for signal in [Signal::ABORT, Signal::SEGV] {
        // As a shell that allows everything starts it.
        let server = home.serve_by("ulimit -c unlimited 2>/dev/null; exec \"$0\" \"$@\"");
        let pid = server.pid();
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
        let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        // The first may be taken for an overflow of a stack, which it is not.
        let _ = kill_process(pid, signal);
        std::thread::sleep(Duration::from_millis(50));
        let (status, ..) = server.stop(signal);
        assert_eq!(status.signal(), Some(signal.as_raw()), "{status:?}");
        assert!(!status.core_dumped(), "{status:?}");
    }
    let mut all = Vec::new();
    files(&home.path(), &mut all);
    let images: Vec<_> =
        all.iter().filter(|path| path.file_name().unwrap().to_string_lossy().contains("core")).collect();
    assert!(images.is_empty(), "{images:?}");
}
