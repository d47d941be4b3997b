//! Archives of older events: they lie beside the log that the entries were in.

use std::path::Path;

use super::names;
use crate::backup::Backups;
use crate::error::Result;
use crate::tenants::TenantId;

impl Backups {
    /// Puts an archive of older events where the log of its store goes, if one does: the log is about to lose its entries. The name
    /// is new, so one that is there is this one. Blocks.
    pub fn ship_archive(&self, tenant: Option<&TenantId>, path: &Path) -> Result<()> {
        let Some(shipping) = &self.0.shipping else { return Ok(()) };
        let shelf = match tenant {
            Some(id) => id.to_string(),
            None => self.instance_shelf()?,
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        shipping.target.put_file(&names::events_of(&shelf, &name), path).map(drop)
    }
}
