//! The asking side: hands the command and its file over, shows the progress, brings the outcome back.

use std::path::Path;

use anyhow::anyhow;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::UnixStream;

use super::super::command::{Command, Outcome, Progress};
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
    progress: impl FnMut(Progress),
) -> Result<Option<Outcome>> {
    let address = Address::of(data)?;
    // Whatever the reason is, nobody answers; the caller knows who has the folder and says so.
    let Ok(stream) = UnixStream::connect(&address.path).await else { return Ok(None) };
    let (mut from, mut to) = stream.into_split();
    let sending = async {
        wire::send_json(&mut to, Kind::Command, command).await?;
        send_file(&mut to, file).await
    };
    let answer = answer(&mut from, progress);
    tokio::pin!(sending, answer);
    // A server that refuses early answers before the whole file is sent.
    let outcome = tokio::select! {
        outcome = &mut answer => outcome?,
        sent = &mut sending => match sent {
            Ok(()) => answer.await?,
            Err(error) => answer.await.map_err(|_| error)?,
        },
    };
    Ok(Some(outcome))
}

async fn send_file(to: &mut (impl AsyncWrite + Unpin), mut file: impl AsyncRead + Unpin) -> Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let read = file.read(&mut piece).await.map_err(|error| anyhow!("the file cannot be read: {error}"))?;
        match read {
            0 => return wire::send(to, Kind::End, &[]).await,
            read => wire::send(to, Kind::Piece, &piece[..read]).await?,
        }
    }
}

async fn answer(from: &mut (impl AsyncRead + Unpin), mut progress: impl FnMut(Progress)) -> Result<Outcome> {
    loop {
        let (kind, body) = wire::receive(from).await?;
        match kind {
            Kind::Progress => progress(wire::parse(&body)?),
            Kind::Done => return wire::parse(&body),
            Kind::Failed => return Err(anyhow!(String::from_utf8_lossy(&body).into_owned()).into()),
            Kind::Command | Kind::Piece | Kind::End => {
                return Err(anyhow!("the server speaks another version of Pulsepoint").into());
            }
        }
    }
}
