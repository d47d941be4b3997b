//! The asking side: hands the command and its file over, shows the progress, brings the outcome back.

use std::path::Path;

use anyhow::anyhow;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::UnixStream;

use super::super::command::{Command, Outcome, Report};
use super::Address;
use super::wire::{self, Kind};
use crate::error::Result;

/// Bytes of a file that travel at once.
const PIECE: usize = 256 * 1024;

/// Asks the server that has the folder; none when no server listens there.
pub async fn ask(
    data: &Path,
    command: &Command,
    file: impl AsyncRead + Unpin,
    progress: impl FnMut(Report) -> Result<()>,
) -> Result<Option<Outcome>> {
    let address = Address::of(data)?;
    // Whatever the reason is, nobody answers; the caller knows who has the folder and says so.
    let Ok(stream) = UnixStream::connect(&address.path).await else { return Ok(None) };
    let (mut from, mut to) = stream.into_split();
    let sending = send_all(&mut to, command, file);
    let answer = answer(&mut from, progress);
    tokio::pin!(sending, answer);
    // A server that refuses early answers before the whole file is sent.
    let outcome = tokio::select! {
        outcome = &mut answer => outcome?,
        sent = &mut sending => {
            sent?;
            answer.await?
        }
    };
    Ok(Some(outcome))
}

/// Fails only where the file cannot be read: a server that takes no more has answered, and its answer says more.
async fn send_all(
    to: &mut (impl AsyncWrite + Unpin),
    command: &Command,
    mut file: impl AsyncRead + Unpin,
) -> Result<()> {
    let mut taken = wire::send_json(to, Kind::Command, command).await;
    let mut piece = vec![0; PIECE];
    while taken.is_ok() {
        let read = file.read(&mut piece).await.map_err(|error| anyhow!("the file cannot be read: {error}"))?;
        if read == 0 {
            // As above.
            let _ = wire::send(to, Kind::End, &[]).await;
            return Ok(());
        }
        taken = wire::send(to, Kind::Piece, &piece[..read]).await;
    }
    Ok(())
}

async fn answer(
    from: &mut (impl AsyncRead + Unpin),
    mut progress: impl FnMut(Report) -> Result<()>,
) -> Result<Outcome> {
    loop {
        let (kind, body) = wire::receive(from).await?;
        match kind {
            Kind::Progress => progress(Report::Progress(wire::parse(&body)?))?,
            Kind::Piece => progress(Report::Piece(body))?,
            Kind::Done => return wire::parse(&body),
            Kind::Failed => return Err(anyhow!(String::from_utf8_lossy(&body).into_owned()).into()),
            Kind::Command | Kind::End => {
                return Err(anyhow!("the server speaks another version of Pulsepoint").into());
            }
        }
    }
}
