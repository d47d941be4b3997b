//! Drops the ad rows that the platform no longer has.

use std::collections::HashSet;

use jiff::civil::Date;
use rusqlite::params;

use super::Account;
use crate::commerce::change_log::{ad_row_id, day_number, note_deleted};
use crate::commerce::lander::Work;
use crate::error::Result;

impl Account {
    /// Drops what the account has on these days beside the rows just landed; a file cannot drop an API's rows.
    pub(super) fn replace_days(
        &self,
        work: &mut Work,
        (first, last): (Date, Date),
        landed: &HashSet<i64>,
        from_api: bool,
    ) -> Result<()> {
        let Some(id) = self.id else { return Ok(()) };
        let mut stored = work.tx.prepare_cached(
            "select d.ad_id, d.day from ads a join ad_days d on d.ad_id = a.id \
             where a.account_id = ? and d.day between ? and ? and (? or d.from_api = 0)",
        )?;
        let rows = stored
            .query_map(params![id, first.to_string(), last.to_string(), from_api], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
        for (ad_id, day) in rows {
            if day.parse().is_ok_and(|date| !landed.contains(&ad_row_id(ad_id, day_number(date)))) {
                drop_day(work, ad_id, &day)?;
            }
        }
        Ok(())
    }

    /// Drops the rows of covered (campaign, day) pairs that the source did not name.
    pub(super) fn drop_vanished(&self, work: &mut Work) -> Result<()> {
        let Some(id) = self.id else { return Ok(()) };
        let mut stored = work.tx.prepare_cached("select id, key, campaign from ads where account_id = ?")?;
        let ads = stored
            .query_map([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<rusqlite::Result<Vec<(i64, String, String)>>>()?;
        let mut days = work.tx.prepare_cached("select day from ad_days where ad_id = ? and (? or from_api = 0)")?;
        for (ad_id, key, campaign) in ads {
            let Some(covered) = self.campaigns.get(campaign.as_str()) else { continue };
            let seen = self.ads.get(key.as_str()).map(|ad| &ad.seen);
            let mut gone = Vec::new();
            let mut rows = days.query(params![ad_id, self.from_api])?;
            while let Some(row) = rows.next()? {
                let day: String = row.get(0)?;
                let number = day.parse().map(day_number).unwrap_or(i32::MIN);
                if covered.contains(number) && !seen.is_some_and(|seen| seen.contains(number)) {
                    gone.push(day);
                }
            }
            drop(rows);
            for day in gone {
                drop_day(work, ad_id, &day)?;
            }
        }
        Ok(())
    }
}

fn drop_day(work: &mut Work, ad_id: i64, day: &str) -> Result<()> {
    work.tx.prepare_cached("delete from ad_days where ad_id = ? and day = ?")?.execute(params![ad_id, day])?;
    if let Ok(date) = day.parse() {
        note_deleted(work.tx, work.rev, work.brand_id, "ad_days", ad_row_id(ad_id, day_number(date)))?;
    }
    work.changed = true;
    Ok(())
}
