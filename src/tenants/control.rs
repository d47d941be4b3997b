//! `control.db`: how it is opened, and what is asked of it as a whole.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use anyhow::{Context, anyhow};
use zeroize::Zeroizing;

use super::{TenantId, Tenants, directory, schema};
use crate::db::{Db, FileSpec, OpenError};
use crate::error::{Error, Result};
use crate::secrets::MasterKey;

/// What its key is derived for.
const KEY: &str = "control.db";

impl Tenants {
    /// The data folder.
    pub fn data_folder(&self) -> &Path {
        self.folder().parent().unwrap_or(self.folder())
    }

    /// The instance's own name, made at its first start.
    pub fn instance(&self) -> Result<String> {
        self.control().read_blocking(directory::instance)
    }

    /// Tenants that were deleted here, as the instance's events tell.
    pub async fn deleted(&self) -> Result<Vec<TenantId>> {
        self.control().read(directory::deleted).await
    }

    /// The key that opens a copy of `control.db`.
    pub(crate) fn control_key(&self) -> Zeroizing<[u8; 32]> {
        self.master().derive(KEY)
    }
}

/// Opens it in the data folder, making both if nothing is there.
pub(super) fn open(data: &Path, folder: &Path, master: &MasterKey) -> Result<Db> {
    let path = data.join("control.db");
    let making = || format!("making the data folder {}", data.display());
    DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(making)?;
    let occupied = std::fs::read_dir(folder).with_context(making)?.next().is_some();
    let spec = FileSpec {
        application_id: schema::CONTROL_ID,
        owner: schema::CONTROL_OWNER,
        migrations: schema::CONTROL,
        // Without it the tenants' keys are gone: an empty one beside their folders would only hide that.
        create: !occupied,
        least_commits: 0,
        secure_delete: true,
    };
    Db::open(&path, &master.derive(KEY), &spec).map_err(|error| match error {
        OpenError::WrongKey(path) => anyhow!(
            "the master key does not open {}: it is another folder's, or the file's beginning is damaged. \
             Nothing was changed",
            path.display()
        )
        .into(),
        OpenError::Missing(path) => anyhow!(
            "{} is missing although there are tenants beside it: put it back, for it holds their keys",
            path.display()
        )
        .into(),
        other => Error::Internal(other.into()),
    })
}
