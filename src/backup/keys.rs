//! For whom archives are sealed. The private half opens them and need not be on this machine.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// The private half that a first backup makes, in the data folder.
pub const IDENTITY_FILE: &str = "backup-identity.txt";
/// Its public half, which stays when the private one is moved away.
pub(super) const RECIPIENT_FILE: &str = "backup-recipient.txt";
/// Longer files hold no key.
const KEY_FILE_BYTES: u64 = 64 << 10;

/// Whom archives are sealed for: an `age` public key, `age1…`.
#[derive(Clone)]
pub struct Recipient(age::x25519::Recipient);

impl Recipient {
    /// The recipient in a text.
    pub fn parse(text: &str) -> Result<Self> {
        let parsed = text.trim().parse().map(Self);
        parsed.map_err(|why| {
            Error::invalid("recipient", format!("a recipient is an age public key, age1…: this is none ({why})"))
        })
    }

    pub(super) fn as_age(&self) -> &dyn age::Recipient {
        &self.0
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({self})")
    }
}

/// The private half. Shown nowhere.
#[derive(Clone)]
pub struct Identity(age::x25519::Identity);

impl Identity {
    /// The identity in the text of a key file: its first line that is no comment.
    pub fn parse(text: &str) -> Result<Self> {
        let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        let parsed = line.and_then(|line| line.parse().ok().map(Self));
        parsed
            .ok_or_else(|| Error::invalid("identity", "an identity file holds a line AGE-SECRET-KEY-1…: this has none"))
    }

    /// A new one.
    pub(super) fn random() -> Self {
        Self(age::x25519::Identity::generate())
    }

    /// The identity in a key file.
    pub fn read(path: &Path) -> Result<Self> {
        Self::parse(&read_key_file(path)?)
    }

    /// The public half.
    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }

    pub(super) fn as_age(&self) -> &dyn age::Identity {
        &self.0
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(hidden)")
    }
}

/// The text of a key file.
pub fn read_key_file(path: &Path) -> Result<Zeroizing<String>> {
    let reading = || format!("reading the identity {}", path.display());
    let about = std::fs::metadata(path).with_context(reading)?;
    if about.len() > KEY_FILE_BYTES {
        return Err(Error::invalid("identity", format!("{} is no identity file", path.display())));
    }
    Ok(Zeroizing::new(std::fs::read_to_string(path).with_context(reading)?))
}

/// Whom this instance seals its archives for.
#[derive(Debug, Clone)]
pub struct Seal {
    /// The public half.
    pub recipient: Recipient,
    /// Where the private half lies on this machine, if it does.
    pub identity: Option<PathBuf>,
    /// Whether both were made just now.
    pub is_new: bool,
}

impl Seal {
    /// The recipient of the settings; else the one that an earlier backup made; else, with `create`, a new pair.
    pub(super) fn load(data: &Path, configured: &RecipientSetting, create: bool) -> Result<Option<Self>> {
        let identity = data.join(IDENTITY_FILE);
        let there = identity.exists().then(|| identity.clone());
        if let Some(recipient) = configured.get()? {
            // A pair of before is another recipient's: it opens what was sealed then, not what is sealed now.
            let there = there.filter(
                |path| matches!(Identity::read(path), Ok(own) if own.recipient().to_string() == recipient.to_string()),
            );
            return Ok(Some(Self { recipient, identity: there, is_new: false }));
        }
        let path = data.join(RECIPIENT_FILE);
        if path.exists() {
            let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            let recipient = Recipient::parse(&text).with_context(|| format!("reading {}", path.display()))?;
            return Ok(Some(Self { recipient, identity: there, is_new: false }));
        }
        if !create {
            return Ok(None);
        }
        // A crash may have kept the private half alone: it is as good as a new one.
        let own = match &there {
            Some(path) => Identity::read(path)?,
            None => make_identity(data)?,
        };
        let recipient = own.recipient();
        write_new(data, RECIPIENT_FILE, format!("{recipient}\n").as_bytes())?;
        Ok(Some(Self { recipient, identity: Some(identity), is_new: there.is_none() }))
    }
}

fn make_identity(data: &Path) -> Result<Identity> {
    let own = Identity::random();
    write_new(data, IDENTITY_FILE, identity_text(&own).as_bytes())?;
    Ok(own)
}

/// What the file of a private half holds.
pub(super) fn identity_text(own: &Identity) -> Zeroizing<String> {
    let secret = own.0.to_string();
    Zeroizing::new(format!(
        "# Opens the backups of this Pulsepoint. Keep it elsewhere: they cannot be read without it.\n# public key: {}\n{}\n",
        own.recipient(),
        secret.expose_secret()
    ))
}

/// A file of mode 0600: whole and synced under another name first, so that a crash leaves all of it or nothing.
pub(super) fn write_new(data: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = data.join(name);
    let making = || format!("making {}", path.display());
    let mut file = tempfile::Builder::new().prefix(".backup-key-").tempfile_in(data).with_context(making)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).with_context(making)?;
    file.persist_noclobber(&path).map_err(|error| anyhow!(error.error)).with_context(making)?;
    File::open(data).and_then(|folder| folder.sync_all()).with_context(making)?;
    Ok(())
}

/// `backup.recipient`: empty, or an `age` public key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecipientSetting(String);

impl RecipientSetting {
    fn get(&self) -> Result<Option<Recipient>> {
        if self.0.is_empty() { Ok(None) } else { Recipient::parse(&self.0).map(Some) }
    }
}

impl TryFrom<String> for RecipientSetting {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let text = text.trim().to_owned();
        match text.is_empty() || Recipient::parse(&text).is_ok() {
            true => Ok(Self(text)),
            false => Err("is no age public key (age1…)".to_owned()),
        }
    }
}

impl From<RecipientSetting> for String {
    fn from(setting: RecipientSetting) -> Self {
        setting.0
    }
}
