//! Campaigns, ad groups and ads.

use serde_json::{Value, json};

use super::super::ads::{Account, Kind, State};
use super::super::exchange::Asked;
use super::super::text::{self, DAY};
use super::{Answer, page_info, paged};

/// `/campaign/get/`, `/adgroup/get/`, `/ad/get/`. Deleted ones are hidden unless asked for.
pub fn page(account: &Account, path: &str, asked: &Asked) -> Answer {
    let at = paged(asked)?;
    let filter = asked.param("filtering").unwrap_or_default();
    let all = filter.contains("STATUS_ALL");
    let deleted = filter.contains("STATUS_DELETE");
    let shown = |state: State| all || (deleted == (state == State::Removed));
    let rows: Vec<Value> = match path {
        "campaign/get" => {
            let campaigns =
                account.campaigns.iter().filter(|campaign| campaign.kind == Kind::Ordinary && shown(campaign.state));
            campaigns
                .map(|campaign| described(account, "campaign", campaign.id, &campaign.name, campaign.state))
                .collect()
        }
        "adgroup/get" => {
            let state = |campaign: usize| account.campaigns[campaign].state;
            let ordinary = |campaign: usize| account.campaigns[campaign].kind == Kind::Ordinary;
            let groups = account.groups.iter().filter(|group| ordinary(group.campaign) && shown(state(group.campaign)));
            let row = |group: &super::super::ads::Group| {
                let mut row = described(account, "adgroup", group.id, &group.name, state(group.campaign));
                row["campaign_id"] = json!(account.campaigns[group.campaign].id.to_string());
                row
            };
            groups.map(row).collect()
        }
        _ => {
            let ads = account
                .ads
                .iter()
                .filter(|ad| account.campaigns[ad.campaign].kind == Kind::Ordinary && shown(ad.state));
            let row = |ad: &super::super::ads::Ad| {
                let mut row = described(account, "ad", ad.id, &ad.name, ad.state);
                row["campaign_id"] = json!(account.campaigns[ad.campaign].id.to_string());
                row["adgroup_id"] = json!(account.groups[ad.group].id.to_string());
                row["landing_page_url"] =
                    json!(format!("https://shop.example/?utm_source=tiktok&utm_campaign=campaign-{}", ad.campaign));
                row
            };
            ads.map(row).collect()
        }
    };
    let shown: Vec<&Value> = rows.iter().skip((at.0 - 1) * at.1).take(at.1).collect();
    Ok(json!({"list": shown, "page_info": page_info(at, rows.len())}))
}

fn described(account: &Account, kind: &str, id: u64, name: &str, state: State) -> Value {
    let upper = kind.to_uppercase();
    let (operation, secondary) = match state {
        State::Active => ("ENABLE", format!("{upper}_STATUS_ENABLE")),
        State::Paused => ("DISABLE", format!("{upper}_STATUS_DISABLE")),
        State::Removed => ("DISABLE", format!("{upper}_STATUS_DELETE")),
    };
    let time = text::instant(account.first_day * DAY).as_str().replace('T', " ").replace('Z', "");
    json!({
        format!("{kind}_id"): id.to_string(),
        format!("{kind}_name"): name,
        "advertiser_id": account.id.to_string(),
        "operation_status": operation,
        "secondary_status": secondary,
        "create_time": time,
        "modify_time": time,
    })
}
