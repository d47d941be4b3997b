//! The ad accounts' own figures, by account and day.

use serde_json::{Value, json};

use super::super::text;
use super::{Account, Ads, Figures, Kind, Platform, Today};

fn figures(rows: u64, of: Figures) -> Value {
    json!({
        "rows": rows,
        "spend": text::micros(of.spend),
        "impressions": of.impressions,
        "clicks": of.clicks,
        "link_clicks": of.link_clicks,
        "conversions": text::micros(of.conversions * 1000),
        "value": text::micros(of.value),
    })
}

/// Every account of a platform.
pub fn of(ads: &Ads, platform: Platform, now: i64) -> Value {
    ads.of(platform).map(|account| account_totals(ads, account, account.today(now))).collect()
}

fn account_totals(ads: &Ads, account: &Account, today: Today) -> Value {
    let mut all = [(0, Figures::default()), (0, Figures::default())];
    let mut days = Vec::new();
    for day in account.first_day..=today.day {
        let mut sums = [(0, Figures::default()), (0, Figures::default())];
        for (at, ad) in account.ads.iter().enumerate() {
            let apart = usize::from(account.campaigns[ad.campaign].kind != Kind::Ordinary);
            if let Some(row) = ads.figures(account, at, day, today) {
                sums[apart].0 += 1;
                sums[apart].1 += row;
            }
        }
        let mut entry = figures(sums[0].0, sums[0].1);
        entry["day"] = json!(text::day(day));
        if sums[1].0 > 0 {
            entry[apart_name(account.platform)] = figures(sums[1].0, sums[1].1);
        }
        if sums[0].0 + sums[1].0 > 0 {
            days.push(entry);
        }
        for (all, sum) in all.iter_mut().zip(sums) {
            all.0 += sum.0;
            all.1 += sum.1;
        }
    }
    let mut total = json!({
        "account": account.id.to_string(),
        "currency": account.currency,
        "timezone": account.zone,
        "today": text::day(today.day),
        "total": figures(all[0].0, all[0].1),
        "days": days,
    });
    if all[1].0 > 0 {
        total["total"][apart_name(account.platform)] = figures(all[1].0, all[1].1);
    }
    total
}

/// What is not among a platform's ordinary ads.
fn apart_name(platform: Platform) -> &'static str {
    if platform == Platform::Google { "performance_max" } else { "gmv_max" }
}
