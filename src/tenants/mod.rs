//! Whose data it is. A tenant is a folder with its own sealed store; a `Tenant` value is the only way to it, and it
//! comes from here alone. Stores open when they are first asked for and close when nobody holds them any more.

mod ages;
mod archives;
mod closing;
mod control;
mod daily;
mod directory;
pub mod export;
mod keys;
mod lifecycle;
mod logs;
mod master;
mod refusal;
mod registry;
mod rekey;
mod remember;
mod restore;
pub mod routes;
mod schema;
mod steady;
mod tenant;
mod upgrade;

pub use ages::KeyAge;
pub use archives::Moving;
pub use closing::{Standing, TIME_TO_UNDO};
pub(crate) use control::adopt as adopt_control;
pub use directory::TenantInfo;
pub use keys::SigningKey;
pub use lifecycle::STORE;
pub use registry::{Settings, Tenants};
pub use rekey::{Reseal, Steps};
pub use restore::{Restored, make_blank, open_control_copy, open_copy};
pub use tenant::{Change, Tenant};
pub use upgrade::{RolledBack, roll_back};

use std::fmt;
use std::sync::Arc;

/// A tenant's id: a UUID in its canonical text, hence safe as the name of a folder.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(Arc<str>);

impl TenantId {
    /// The id in `text`, or `None` where it is not a UUID in canonical text.
    pub fn parse(text: &str) -> Option<Self> {
        let id = uuid::Uuid::try_parse(text).ok()?.hyphenated().to_string();
        (id == text).then(|| Self(id.into()))
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The sixteen bytes of the UUID.
    pub fn bytes(&self) -> [u8; 16] {
        uuid::Uuid::try_parse(&self.0).unwrap_or_default().into_bytes()
    }

    /// The id of sixteen bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(uuid::Uuid::from_bytes(bytes).hyphenated().to_string().into())
    }

    /// A new id.
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4().hyphenated().to_string().into())
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TenantId({})", self.0)
    }
}

impl serde::Serialize for TenantId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
