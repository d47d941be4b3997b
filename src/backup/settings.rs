//! The settings of backups, with their defaults: where they go, for whom they are sealed, which are kept how long.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::keys::RecipientSetting;
use super::shipping::SNAPSHOT_AGE;
use crate::error::Result;

/// What an address of a store begins with.
pub(super) const SCHEME: &str = "s3://";

/// Where backups go, for whom they are sealed, and which are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where archives go. Default: `backups` in the data folder.
    pub folder: Destination,
    /// How the store is reached that `folder` names, if it names one.
    pub s3: Store,
    /// The `age` public key that archives are sealed for. Default: one whose private half the first backup makes.
    pub recipient: RecipientSetting,
    /// Whether what is committed is shipped every second to the folder, where one is set: one beside the data would be lost with
    /// it.
    pub continuous: bool,
    /// Days to any second of which can be restored.
    pub continuous_days: u32,
    /// Megabytes of each store's log that may wait on this disk for a target that is away.
    pub continuous_backlog_mb: u64,
    /// Whether every tenant is backed up each day.
    pub daily: bool,
    /// The hour of day, UTC, from which on the daily backup is due.
    #[serde(deserialize_with = "hour")]
    pub hour: u8,
    /// Days of which the newest archive is kept.
    pub keep_daily: usize,
    /// Weeks of which the newest archive is kept.
    pub keep_weekly: usize,
    /// Months of which the newest archive is kept. None by default: what is erased must be gone from backups within 30 days.
    pub keep_monthly: usize,
}

/// A store that speaks S3: where it is and who we are to it. A table of its own, so that another kind would be another table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// Its address; empty is Amazon's of the region.
    pub endpoint: String,
    /// The region that requests are signed for.
    pub region: String,
    /// The id of the key that requests are signed with.
    pub access_key_id: String,
    /// A file that holds the key's secret alone; `PULSEPOINT_BACKUP_S3_SECRET_ACCESS_KEY` is asked first.
    pub secret_access_key_file: PathBuf,
    /// Whether the bucket is part of the host's name rather than of the path. Amazon's own are asked so anyway.
    pub virtual_host: bool,
    /// Whether the endpoint may be `http://` where it lies in a private network.
    pub plain_http: bool,
    /// Seconds that the store may take to begin an answer, beside what sending takes.
    #[serde(deserialize_with = "timeout")]
    pub timeout_secs: u32,
    /// The secret, where the environment has it. Never in a file of settings, never shown.
    #[serde(skip)]
    pub secret: Option<SecretString>,
}

/// Where archives go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Destination {
    /// Into the data folder.
    #[default]
    Beside,
    /// Into this folder.
    Folder(PathBuf),
    /// Into a bucket, under a prefix without `/` at its ends, which may be empty.
    S3 {
        /// The bucket.
        bucket: String,
        /// What every name begins with.
        prefix: String,
    },
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            folder: Destination::default(),
            s3: Store::default(),
            recipient: RecipientSetting::default(),
            continuous: true,
            continuous_days: 30,
            continuous_backlog_mb: 512,
            daily: true,
            hour: 2,
            keep_daily: 7,
            keep_weekly: 3,
            keep_monthly: 0,
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        let (endpoint, access_key_id, secret_access_key_file) = Default::default();
        Self {
            endpoint,
            region: "us-east-1".to_owned(),
            access_key_id,
            secret_access_key_file,
            virtual_host: false,
            plain_http: false,
            timeout_secs: 20,
            secret: None,
        }
    }
}

fn hour<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    let hour = u8::deserialize(from)?;
    if hour < 24 { Ok(hour) } else { Err(serde::de::Error::custom("is no hour from 0 to 23")) }
}

fn timeout<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let secs = u32::deserialize(from)?;
    if (1..=300).contains(&secs) { Ok(secs) } else { Err(serde::de::Error::custom("is not from 1 to 300")) }
}

impl Settings {
    /// Whether what is committed is shipped: where a folder is set, for one beside the data would be lost with it.
    pub(super) fn ships(&self) -> bool {
        self.continuous && self.folder != Destination::Beside
    }

    /// How long the rules keep an archive or a shipped log at most, while an archive is made every day; none where no rule removes
    /// archives.
    pub fn kept_for(&self) -> Option<SignedDuration> {
        let days = self.keep_daily.max(self.keep_weekly.saturating_mul(7)).max(self.keep_monthly.saturating_mul(31));
        // The snapshot of before the days that can be restored stays until the next one is before them.
        let age = usize::try_from(SNAPSHOT_AGE.as_hours() / 24).ok()?;
        let shipped = if self.ships() { usize::try_from(self.continuous_days).ok()?.saturating_add(age) } else { 0 };
        let days = days.max(shipped);
        // The day that the next archive takes, by which the rules count.
        let hours = i64::try_from(days.saturating_add(1)).ok()?.checked_mul(24)?;
        self.daily.then(|| SignedDuration::from_hours(hours.min(24 * 366 * 1000)))
    }
}

impl Store {
    /// The secret: the environment's, else the file's.
    pub(super) fn secret(&self) -> Result<SecretString> {
        if let Some(secret) = &self.secret {
            return Ok(secret.clone());
        }
        if self.secret_access_key_file.as_os_str().is_empty() {
            let why = "backup.folder is a store, and the secret of its key is neither in \
                PULSEPOINT_BACKUP_S3_SECRET_ACCESS_KEY nor in a file that backup.s3.secret_access_key_file names";
            return Err(anyhow::anyhow!(why).into());
        }
        let path = self.secret_access_key_file.display();
        let text = std::fs::read_to_string(&self.secret_access_key_file)
            .map_err(|error| anyhow::anyhow!("backup.s3.secret_access_key_file: reading {path}: {error}"))?;
        let secret = SecretString::from(text.trim());
        match secret.expose_secret().is_empty() {
            true => Err(anyhow::anyhow!("backup.s3.secret_access_key_file: {path} is empty").into()),
            false => Ok(secret),
        }
    }
}

impl FromStr for Destination {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(rest) = text.strip_prefix(SCHEME) else {
            return Ok(if text.is_empty() { Self::Beside } else { Self::Folder(text.into()) });
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let fits = |text: &str, more: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
        if !(3..=63).contains(&bucket.len()) || !fits(bucket, "-._") {
            return Err("names no bucket: s3://bucket/prefix");
        }
        let prefix = prefix.trim_end_matches('/');
        let sound = |part: &str| !part.is_empty() && part != "." && part != ".." && fits(part, "-._=+@");
        if !prefix.is_empty() && !prefix.split('/').all(sound) {
            return Err("has a prefix that no name may begin with: letters, digits and -._=+@ between single /");
        }
        Ok(Self::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beside => Ok(()),
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "{SCHEME}{bucket}"),
            Self::S3 { bucket, prefix } => write!(f, "{SCHEME}{bucket}/{prefix}"),
        }
    }
}

impl Serialize for Destination {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Destination {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rule_counts_and_without_a_daily_run_there_is_none() {
        let rule = |keep_daily, keep_weekly, keep_monthly| Settings {
            keep_daily,
            keep_weekly,
            keep_monthly,
            ..Settings::default()
        };
        let days = |settings: Settings| settings.kept_for().unwrap().as_hours() / 24;
        assert_eq!(days(Settings::default()), 22, "what is erased is gone from backups within 30 days");
        assert_eq!((days(rule(7, 0, 0)), days(rule(0, 0, 2)), days(rule(0, 0, 0))), (8, 63, 1));
        for target in ["/srv/backup", "s3://bucket/prefix"] {
            let continuous = Settings { folder: target.parse().unwrap(), ..Settings::default() };
            assert_eq!(
                days(continuous.clone()),
                38,
                "thirty days to any second of which it can be restored, and their snapshot"
            );
            assert_eq!(days(Settings { continuous: false, ..continuous.clone() }), 22);
            assert_eq!(days(Settings { keep_monthly: 2, ..continuous }), 63);
        }
        assert!(rule(usize::MAX, usize::MAX, usize::MAX).kept_for().is_none());
        assert_eq!(Settings { daily: false, ..Settings::default() }.kept_for(), None);
    }

    #[test]
    fn a_destination_is_a_folder_or_a_bucket_with_a_prefix() {
        let parsed = |text: &str| text.parse::<Destination>();
        assert_eq!(parsed(""), Ok(Destination::Beside));
        assert_eq!(parsed("/srv/backup"), Ok(Destination::Folder("/srv/backup".into())));
        for (text, bucket, prefix) in
            [("s3://shop", "shop", ""), ("s3://shop/", "shop", ""), ("s3://a.b-c/x/y/", "a.b-c", "x/y")]
        {
            let destination = parsed(text).unwrap();
            let expected = Destination::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() };
            assert_eq!(destination, expected);
            assert_eq!(parsed(&destination.to_string()), Ok(destination));
        }
        for bad in [
            "s3://",
            "s3://a",
            "s3:///x",
            "s3://key:secret@bucket/x",
            "s3://shop/a//b",
            "s3://shop/../x",
            "s3://shop/a b",
        ] {
            assert!(parsed(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_secret_comes_from_the_environment_or_a_file_and_is_in_no_text() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "of-the-file\n").unwrap();
        let of_file = Store { secret_access_key_file: file.clone(), ..Store::default() };
        assert_eq!(of_file.secret().unwrap().expose_secret(), "of-the-file");
        let of_both = Store { secret: Some("of-the-environment".into()), ..of_file };
        assert_eq!(of_both.secret().unwrap().expose_secret(), "of-the-environment");
        let shown = format!("{of_both:?} {}", toml::to_string(&of_both).unwrap());
        assert!(!shown.contains("of-the-environment"), "{shown}");
        std::fs::write(&file, " \n").unwrap();
        let empty = Store { secret: None, ..of_both };
        assert!(empty.secret().unwrap_err().to_string().contains("is empty"));
        assert!(Store::default().secret().unwrap_err().to_string().contains("secret_access_key_file"));
    }
}
