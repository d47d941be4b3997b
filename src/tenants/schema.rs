//! What the two kinds of files hold, as the scripts in `assets/migrations`.

use crate::db::Migration;

/// `control.db`: "PPC1" in the file's header.
pub(super) const CONTROL_ID: i32 = 0x5050_4331;
/// A tenant's `store.db`: "PPT1" in the file's header.
pub(super) const TENANT_ID: i32 = 0x5050_5431;
/// Owner written into `control.db`.
pub(super) const CONTROL_OWNER: &str = "control";

macro_rules! migrations {
    ($folder:literal: $($name:literal)*) => {
        &[$(Migration {
            name: $name,
            sql: include_str!(concat!("../../assets/migrations/", $folder, "/", $name, ".sql")),
        }),*]
    };
}

pub(super) static CONTROL: &[Migration] = migrations!("control": "0001_events" "0002_tenants" "0003_backup" "0004_closing" "0005_keys" "0006_erasures" "0007_clock" "0008_audit_key" "0009_event_archives" "0010_daily" "0011_instance_tokens" "0012_sync" "0013_events_by_order");

pub(super) static TENANT: &[Migration] = migrations!("tenant": "0001_events" "0002_people" "0003_brands" "0004_commerce" "0005_imports" "0006_accounts" "0007_event_origin" "0008_erasures" "0009_sign_in" "0010_event_archives" "0011_session_renewals" "0012_unswept" "0013_product_source" "0014_sync" "0015_sync_told" "0016_product_sources" "0017_journeys" "0018_costs" "0019_events_by_order" "0020_duties");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_every_script_in_its_order() {
        for (folder, list) in [("control", CONTROL), ("tenant", TENANT)] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/migrations").join(folder);
            let mut files: Vec<String> =
                std::fs::read_dir(path).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
            files.sort();
            let listed: Vec<String> = list.iter().map(|migration| format!("{}.sql", migration.name)).collect();
            assert_eq!(files, listed, "assets/migrations/{folder} and the list above differ");
            for (number, migration) in (1..).zip(list) {
                assert!(migration.name.starts_with(&format!("{number:04}_")), "{} is out of place", migration.name);
            }
        }
    }
}
