//! The answering side: takes one command a connection and runs it with the parts of the server.

use std::future::Future;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::io::StreamReader;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::super::command::{Command, Outcome, Report, Upload};
use super::super::output;
use super::wire::{self, Kind};
use super::{Address, NAME};
use crate::error::Result;

/// How long a connection may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pieces of a file that may wait for the importer.
const PIECES_WAITING: usize = 4;

/// The open socket of a server. Dropping it closes it and removes its file.
pub struct Control {
    listener: UnixListener,
    address: Address,
}

impl Control {
    /// Opens the socket. The caller has the lock, so a socket that is there is a dead one's.
    pub fn open(data: &Path) -> Result<Self> {
        let address = Address::of(data)?;
        let opening = || format!("opening {NAME} in {}", data.display());
        match std::fs::remove_file(&address.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).with_context(opening)?,
            _ => {}
        }
        let listener = UnixListener::bind(&address.path).with_context(opening)?;
        std::fs::set_permissions(&address.path, PermissionsExt::from_mode(0o600)).with_context(opening)?;
        Ok(Self { listener, address })
    }

    /// Answers until `stop`, then lets what runs finish.
    pub async fn serve<F, Fut>(self, run: F, stop: CancellationToken)
    where
        F: Fn(Command, Upload, mpsc::Sender<Report>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Outcome>> + Send + 'static,
    {
        let run = Arc::new(run);
        let connections = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let run = run.clone();
                    connections.spawn(async move {
                        if let Err(error) = converse(stream, run.as_ref()).await {
                            tracing::warn!(%error, "a conversation over the control socket broke off");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the control socket could not accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        connections.close();
        connections.wait().await;
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // A socket that stays behind is removed by the next start.
        let _ = std::fs::remove_file(&self.address.path);
    }
}

async fn converse<F, Fut>(stream: UnixStream, run: &F) -> Result<()>
where
    F: Fn(Command, Upload, mpsc::Sender<Report>) -> Fut,
    Fut: Future<Output = Result<Outcome>>,
{
    let (mut from, mut to) = stream.into_split();
    let first = tokio::time::timeout(PATIENCE, wire::receive(&mut from)).await.context("waiting for a command")?;
    let (_, body) = first?;
    let command = match wire::parse::<Command>(&body) {
        Ok(command) => command,
        Err(error) => return wire::send(&mut to, Kind::Failed, error.to_string().as_bytes()).await,
    };
    let (pieces, file) = mpsc::channel(PIECES_WAITING);
    let (report, mut progress) = mpsc::channel(1);
    let receiving = tokio::spawn(receive_file(from, pieces));
    let upload: Upload = Box::pin(StreamReader::new(ReceiverStream::new(file)));
    let running = run(command, upload, report);
    tokio::pin!(running);
    let outcome = loop {
        tokio::select! {
            outcome = &mut running => break outcome,
            Some(now) = progress.recv() => tell(&mut to, now).await?,
        }
    };
    receiving.abort();
    while let Ok(now) = progress.try_recv() {
        tell(&mut to, now).await?;
    }
    match outcome {
        Ok(outcome) => wire::send_json(&mut to, Kind::Done, &outcome).await,
        Err(error) => wire::send(&mut to, Kind::Failed, output::sentence(&error).as_bytes()).await,
    }
}

async fn tell(to: &mut OwnedWriteHalf, report: Report) -> Result<()> {
    match report {
        Report::Progress(now) => wire::send_json(to, Kind::Progress, &now).await,
        Report::Piece(piece) => wire::send(to, Kind::Piece, &piece).await,
    }
}

/// Hands the pieces on until the file ends. A file that breaks off ends in an error, never as if it were whole.
async fn receive_file(mut from: OwnedReadHalf, pieces: mpsc::Sender<io::Result<Bytes>>) {
    loop {
        let piece = match wire::receive(&mut from).await {
            Ok((Kind::Piece, body)) => Ok(body),
            Ok((Kind::End, _)) => return,
            Ok(_) | Err(_) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file broke off on its way")),
        };
        let last = piece.is_err();
        // Nobody takes the pieces when the command takes no file, or has failed already.
        if pieces.send(piece).await.is_err() || last {
            return;
        }
    }
}
