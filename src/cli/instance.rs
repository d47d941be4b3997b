//! An instance for one command: the server that has the data folder is asked, else the folder is ours while the command runs.

use std::future::Future;

use anyhow::anyhow;
use tokio::io::AsyncRead;
use tokio::sync::mpsc;

use super::command::{Command, Outcome, Report, Upload};
use super::execute::execute;
use super::lock::{Asked, DataLock, taken};
use super::{control, serve};
use crate::clock::Clock;
use crate::config::Settings;
use crate::error::Result;

/// Runs a command where it can run.
pub async fn run(settings: &Settings, command: Command) -> Result<Outcome> {
    run_with_file(settings, command, tokio::io::empty(), |_| Ok(())).await
}

/// Runs a command that takes a file or makes one, and hands on what it tells; a failure there ends it.
pub async fn run_with_file(
    settings: &Settings,
    command: Command,
    file: impl AsyncRead + Send + Unpin + 'static,
    progress: impl FnMut(Report) -> Result<()>,
) -> Result<Outcome> {
    match DataLock::ask(&settings.data)? {
        // The token is the running server's: it makes one at its start and keeps it in memory.
        Asked::Ours(_) if matches!(command, Command::SetupToken) => {
            let data = settings.data.display();
            Err(anyhow!("no server runs on {data}: start `pulsepoint serve`, whose log shows the token").into())
        }
        Asked::Ours(lock) => {
            let app = serve::build(settings, Clock::system()).await?;
            let outcome = here(|report| execute(&app, command, Box::pin(file) as Upload, report), progress).await;
            let closed = app.close().await;
            drop(lock);
            let outcome = outcome?;
            closed.map(|()| outcome)
        }
        Asked::Taken(pid) => {
            let asked = control::ask(&settings.data, &command, file, progress).await?;
            asked.ok_or_else(|| taken(&settings.data, pid))
        }
    }
}

/// Waits for the outcome and hands every report on.
async fn here<Fut>(
    run: impl FnOnce(mpsc::Sender<Report>) -> Fut,
    mut progress: impl FnMut(Report) -> Result<()>,
) -> Result<Outcome>
where
    Fut: Future<Output = Result<Outcome>>,
{
    let (report, mut reports) = mpsc::channel(1);
    let running = run(report);
    tokio::pin!(running);
    let outcome = loop {
        tokio::select! {
            outcome = &mut running => break outcome,
            Some(now) = reports.recv() => progress(now)?,
        }
    };
    // What it told last may wait still.
    while let Ok(now) = reports.try_recv() {
        progress(now)?;
    }
    outcome
}
