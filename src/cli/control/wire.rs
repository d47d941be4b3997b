//! What goes over the control socket: frames of a kind, a length and a body. Files travel as they are read, never whole.

use anyhow::{Context, anyhow};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::error::Result;

/// No frame is longer, in bytes.
const LONGEST: u32 = 1024 * 1024;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The command, as JSON; the first frame.
    Command = 1,
    /// A piece of the file: the command's on the way there, the one that it makes on the way back.
    Piece = 2,
    /// The file is complete.
    End = 3,
    /// How far the command is, as JSON.
    Progress = 4,
    /// Its outcome, as JSON; the last frame.
    Done = 5,
    /// The sentence it failed with; the last frame.
    Failed = 6,
}

impl Kind {
    fn of(byte: u8) -> Result<Self> {
        let all = [Self::Command, Self::Piece, Self::End, Self::Progress, Self::Done, Self::Failed];
        let kind = all.into_iter().find(|kind| *kind as u8 == byte);
        Ok(kind.ok_or_else(|| anyhow!("the other side speaks another version of Pulsepoint"))?)
    }
}

/// Sends one frame.
pub async fn send(to: &mut (impl AsyncWrite + Unpin), kind: Kind, body: &[u8]) -> Result<()> {
    let length = u32::try_from(body.len()).ok().filter(|length| *length <= LONGEST);
    let length = length.ok_or_else(|| anyhow!("a message of {} bytes is too long", body.len()))?;
    let talking = "talking over the control socket";
    to.write_u8(kind as u8).await.context(talking)?;
    to.write_u32(length).await.context(talking)?;
    to.write_all(body).await.context(talking)?;
    Ok(to.flush().await.context(talking)?)
}

/// Sends one frame of JSON.
pub async fn send_json(to: &mut (impl AsyncWrite + Unpin), kind: Kind, body: &impl Serialize) -> Result<()> {
    send(to, kind, &serde_json::to_vec(body).context("writing a message")?).await
}

/// The next frame.
pub async fn receive(from: &mut (impl AsyncRead + Unpin)) -> Result<(Kind, Bytes)> {
    let ended = "the other side of the control socket ended";
    let kind = Kind::of(from.read_u8().await.context(ended)?)?;
    let length = from.read_u32().await.context(ended)?;
    if length > LONGEST {
        return Err(anyhow!("a message of {length} bytes is too long").into());
    }
    let mut body = vec![0; length as usize];
    from.read_exact(&mut body).await.context(ended)?;
    Ok((kind, body.into()))
}

/// The body of a frame of JSON.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    Ok(serde_json::from_slice(body).context("reading a message of another version of Pulsepoint")?)
}
