//! Conversations over a real socket: commands, files, refusals, a client that goes away, a folder with a long path.

use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};

use anyhow::anyhow;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::super::command::{Command, Outcome, Progress, Report, Upload};
use super::*;
use crate::error::Error;

/// Counts the bytes of the file and answers with them; refuses to list.
async fn run(command: Command, mut file: Upload, progress: mpsc::Sender<Report>) -> Result<Outcome> {
    if matches!(command, Command::TenantList) {
        return Err(Error::NotFound);
    }
    let mut bytes = 0;
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut piece).await.map_err(|error| anyhow!("reading: {error}"))?;
        if read == 0 {
            // The last word before the outcome must arrive as well.
            progress.send(Report::Piece("back".into())).await.unwrap();
            return Ok(Outcome { text: format!("{bytes} bytes"), json: json!({ "bytes": bytes }) });
        }
        bytes += read as u64;
        progress.send(Report::Progress(Progress { bytes_done: bytes, ..Progress::default() })).await.unwrap();
    }
}

/// A server in a folder; it stops with the token.
fn serve(data: &Path) -> CancellationToken {
    let stop = CancellationToken::new();
    tokio::spawn(Control::open(data).unwrap().serve(run, stop.clone()));
    stop
}

#[tokio::test]
async fn a_command_and_its_file_arrive_whole_with_progress() {
    let folder = tempfile::tempdir().unwrap();
    let _stop = serve(folder.path()).drop_guard();
    let file = vec![7_u8; 3_000_000];
    let seen = Mutex::new((0, String::new()));
    let told = |report| {
        let mut seen = seen.lock().unwrap();
        match report {
            Report::Progress(now) => seen.0 = now.bytes_done,
            Report::Piece(piece) => seen.1.push_str(std::str::from_utf8(&piece).unwrap()),
        }
        Ok(())
    };
    let outcome = ask(folder.path(), &Command::Status, file.as_slice(), told);
    assert_eq!(outcome.await.unwrap().unwrap().json, json!({ "bytes": 3_000_000 }));
    assert_eq!(seen.lock().unwrap().0, 3_000_000);
    assert_eq!(seen.lock().unwrap().1, "back");
    let mode = std::fs::metadata(folder.path().join(NAME)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_refusal_is_told_before_the_file_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let _stop = serve(folder.path()).drop_guard();
    for _ in 0..20 {
        let (endless, empty) = (tokio::io::repeat(0), tokio::io::empty());
        let refused = ask(folder.path(), &Command::TenantList, endless, |_| Ok(())).await;
        assert_eq!(refused.unwrap_err().to_string(), "not found");
        let refused = ask(folder.path(), &Command::TenantList, empty, |_| Ok(())).await;
        assert_eq!(refused.unwrap_err().to_string(), "not found");
    }
}

#[tokio::test]
async fn nobody_there_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(ask(folder.path(), &Command::Status, tokio::io::empty(), |_| Ok(())).await.unwrap().is_none());
    drop(Control::open(folder.path()).unwrap());
    assert!(!folder.path().join(NAME).exists());
    std::fs::write(folder.path().join(NAME), "").unwrap();
    let _stop = serve(folder.path()).drop_guard();
    assert!(ask(folder.path(), &Command::Status, tokio::io::empty(), |_| Ok(())).await.unwrap().is_some());
}

#[tokio::test]
async fn a_folder_with_a_long_path_is_reached() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("d".repeat(150));
    std::fs::create_dir(&data).unwrap();
    let _stop = serve(&data).drop_guard();
    assert!(ask(&data, &Command::Status, tokio::io::empty(), |_| Ok(())).await.unwrap().is_some());
    assert!(data.join(NAME).exists());
}

#[tokio::test]
async fn a_file_that_breaks_off_is_an_error_not_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let ended = Arc::new(Mutex::new(None));
    let (stop, (told, heard)) = (CancellationToken::new(), mpsc::channel(1));
    let keep = ended.clone();
    let control = Control::open(folder.path()).unwrap();
    tokio::spawn(control.serve(
        move |command, file, progress| {
            let (keep, told) = (keep.clone(), told.clone());
            async move {
                let outcome = run(command, file, progress).await;
                *keep.lock().unwrap() = Some(outcome.as_ref().map(|_| ()).map_err(ToString::to_string));
                told.send(()).await.unwrap();
                outcome
            }
        },
        stop.clone(),
    ));
    let mut stream = tokio::net::UnixStream::connect(folder.path().join(NAME)).await.unwrap();
    wire::send_json(&mut stream, wire::Kind::Command, &Command::Status).await.unwrap();
    wire::send(&mut stream, wire::Kind::Piece, b"half a file").await.unwrap();
    drop(stream);
    let mut heard = heard;
    heard.recv().await.unwrap();
    let ended = ended.lock().unwrap().clone().unwrap();
    assert_eq!(ended, Err("reading: the file broke off on its way".to_owned()));
    stop.cancel();
}

#[tokio::test]
async fn nonsense_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _stop = serve(folder.path()).drop_guard();
    let mut stream = tokio::net::UnixStream::connect(folder.path().join(NAME)).await.unwrap();
    wire::send(&mut stream, wire::Kind::Command, b"{\"format_disk\":{}}").await.unwrap();
    let (kind, body) = wire::receive(&mut stream).await.unwrap();
    assert_eq!(kind, wire::Kind::Failed);
    assert!(String::from_utf8_lossy(&body).starts_with("reading a message of another version of Pulsepoint"));
}
