//! What can be asked of an instance from outside the browser. The same value runs here or, over the control socket, in the
//! server that has the data folder.

use std::path::PathBuf;
use std::pin::Pin;

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::io::AsyncRead;

use super::keys_args::Which;

/// The file of a command, as it arrives; empty for a command that takes none.
pub type Upload = Pin<Box<dyn AsyncRead + Send>>;

/// One command, its names not yet checked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    TenantAdd {
        slug: String,
        name: String,
    },
    TenantList,
    TenantSuspend {
        slug: String,
    },
    TenantResume {
        slug: String,
    },
    /// In some days, or at once.
    TenantDelete {
        slug: String,
        now: bool,
    },
    TenantRestore {
        slug: String,
    },
    /// The export comes back in pieces.
    TenantExport {
        slug: String,
    },
    BrandAdd {
        tenant: String,
        new: NewBrand,
    },
    BrandList {
        tenant: String,
    },
    BrandRemoveDemo {
        tenant: String,
        slug: String,
    },
    CustomerExport(Customer),
    CustomerErase(Customer),
    UserAdd {
        tenant: String,
        new: NewUser,
    },
    UserList {
        tenant: String,
    },
    UserPassword {
        email: String,
        password: Password,
    },
    UserRole {
        email: String,
        role: String,
    },
    UserRemove {
        email: String,
    },
    UserInvite {
        tenant: String,
        email: String,
        role: String,
        brands: Option<Vec<String>>,
    },
    UserReset {
        email: String,
    },
    UserResetTotp {
        email: String,
    },
    SetupToken,
    WarehouseRebuild {
        tenant: Option<String>,
    },
    /// The file follows in pieces.
    Import(Import),
    Backup {
        tenant: Option<String>,
        to: Option<PathBuf>,
    },
    BackupList {
        tenant: Option<String>,
        to: Option<PathBuf>,
    },
    BackupVerify {
        tenant: Option<String>,
        to: Option<PathBuf>,
        identity: Option<Password>,
    },
    /// The archive follows in pieces.
    BackupVerifyFile {
        name: String,
        identity: Option<Password>,
    },
    /// The archive follows in pieces.
    Restore {
        tenant: String,
        slug: Option<String>,
        overwrite: bool,
        identity: Password,
    },
    /// Out of what was shipped.
    RestoreAt {
        wanted: RestoreWanted,
        at: RestoreAt,
        last_good: bool,
        dry_run: bool,
        to: Option<PathBuf>,
        identity: Password,
    },
    AuditVerify {
        tenant: Option<String>,
    },
    Sync(Synced),
    KeysList,
    KeysRotate {
        which: Which,
        tenant: Option<String>,
        new_master: Option<Password>,
    },
    AuditReview {
        tenant: Option<String>,
    },
    /// What a running server can say of itself.
    Status,
}

/// A brand to be added.
#[derive(Debug, Serialize, Deserialize)]
pub struct NewBrand {
    pub slug: String,
    pub name: String,
    pub currency: String,
    pub timezone: String,
    pub week_start: u8,
}

/// A customer of a tenant, named by one of the two.
#[derive(Debug, Serialize, Deserialize)]
pub struct Customer {
    pub tenant: String,
    pub brand: Option<String>,
    pub email: Option<String>,
    pub id: Option<String>,
}

/// Integrations of a tenant, and what is done with them.
#[derive(Debug, Serialize, Deserialize)]
pub struct Synced {
    pub verb: SyncVerb,
    pub tenant: String,
    pub brand: Option<String>,
    /// By id.
    pub integration: Option<String>,
}

/// What is done with integrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncVerb {
    Status,
    Now,
    Replay,
}

/// A person to be added.
#[derive(Debug, Serialize, Deserialize)]
pub struct NewUser {
    pub email: String,
    pub name: String,
    pub role: String,
    pub password: Password,
}

/// What an import is told beside the file.
#[derive(Debug, Serialize, Deserialize)]
pub struct Import {
    pub tenant: String,
    pub brand: String,
    pub file_name: String,
    /// Size of the file in bytes, for the progress alone.
    pub bytes: Option<u64>,
    pub format: Option<String>,
    /// Text of the mapping file.
    pub map: Option<String>,
    pub account: Option<String>,
    pub currency: Option<String>,
    pub timezone: Option<String>,
    pub date_format: Option<String>,
}

/// Which tenant is restored, and under which slug.
#[derive(Debug, Serialize, Deserialize)]
pub struct RestoreWanted {
    pub tenant: String,
    pub slug: Option<String>,
    pub overwrite: bool,
}

/// A moment on its way; none is the latest.
#[derive(Debug, Serialize, Deserialize)]
pub struct RestoreAt(pub Option<jiff::Timestamp>);

impl RestoreAt {
    /// The moment as it was typed.
    pub fn of(moment: crate::backup::Moment) -> Self {
        match moment {
            crate::backup::Moment::At(at) => Self(Some(at)),
            crate::backup::Moment::Latest => Self(None),
        }
    }
}

/// A password on its way into the store, or the private half of a key pair on its way to an archive. Shown nowhere.
#[derive(Debug)]
pub struct Password(pub SecretString);

impl Serialize for Password {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.expose_secret())
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(from)?.into()))
    }
}

impl From<Password> for SecretString {
    fn from(password: Password) -> Self {
        password.0
    }
}

/// How far a command is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Progress {
    pub rows_read: u64,
    pub bytes_done: u64,
    pub bytes_total: Option<u64>,
}

/// What a command tells before its outcome.
#[derive(Clone, Debug)]
pub enum Report {
    /// How far it is.
    Progress(Progress),
    /// The next piece of the file that it makes.
    Piece(Bytes),
}

/// What a command answers: for people, and for scripts.
#[derive(Debug, Serialize, Deserialize)]
pub struct Outcome {
    pub text: String,
    pub json: serde_json::Value,
}
