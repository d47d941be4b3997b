//! How much of Meta's quota is used, as several headers say it. Every value is a percentage; there is no `Retry-After`.

use std::time::Duration;

use serde_json::Value;

use crate::connectors::{Answer, Quota};

/// From so many per cent on it is better to wait.
const ENOUGH: f64 = 85.0;
/// From so many per cent on it is better to wait long.
const NEARLY_ALL: f64 = 95.0;
/// How long, where no header says when access comes back.
const WAITS: [Duration; 2] = [Duration::from_secs(120), Duration::from_secs(600)];

/// The most that any header of a step's answers said: of the ad account's quota, and of the app's, which all accounts share.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    account: Used,
    app: Used,
}

/// How much of one quota is used.
#[derive(Debug, Clone, Default, PartialEq)]
struct Used {
    percent: Option<f64>,
    regain: Option<Duration>,
}

impl Used {
    fn most(&mut self, of: &Value, names: &[&str]) {
        for percent in names.iter().filter_map(|name| of[*name].as_f64()) {
            self.percent = Some(self.percent.map_or(percent, |most| most.max(percent)));
        }
    }

    fn regains(&mut self, seconds: f64) {
        if let Ok(after) = Duration::try_from_secs_f64(seconds)
            && !after.is_zero()
        {
            self.regain = self.regain.max(Some(after));
        }
    }

    /// How long it is better to wait.
    fn wait(&self) -> Option<Duration> {
        let used = self.percent.filter(|used| *used >= ENOUGH)?;
        Some(self.regain.unwrap_or(WAITS[usize::from(used >= NEARLY_ALL)]))
    }
}

impl Usage {
    /// Takes an answer's headers.
    pub fn note(&mut self, answer: &Answer) {
        let header = |name| answer.header(name).and_then(|text| serde_json::from_str::<Value>(text).ok());
        let calls = ["call_count", "total_cputime", "total_time"];
        // A list for each account that was asked of: of Insights, the quota is an ad account's.
        if let Some(Value::Object(all)) = header("x-business-use-case-usage") {
            for entry in all.values().flat_map(|list| list.as_array().into_iter().flatten()) {
                self.account.most(entry, &calls);
                let minutes = entry["estimated_time_to_regain_access"].as_f64().unwrap_or_default();
                self.account.regains(minutes * 60.0);
            }
        }
        if let Some(insights) = header("x-fb-ads-insights-throttle") {
            self.account.most(&insights, &["acc_id_util_pct"]);
            self.app.most(&insights, &["app_id_util_pct"]);
        }
        if let Some(account) = header("x-ad-account-usage") {
            self.account.most(&account, &["acc_id_util_pct"]);
            if account["acc_id_util_pct"].as_f64().is_some_and(|percent| percent >= ENOUGH) {
                self.account.regains(account["reset_time_duration"].as_f64().unwrap_or_default());
            }
        }
        if let Some(app) = header("x-app-usage") {
            self.app.most(&app, &calls);
        }
    }

    /// When access comes back, if a header said so.
    pub fn regain(&self) -> Option<Duration> {
        self.account.regain
    }

    /// How long it is better not to ask of the ad account. Others have quotas of their own.
    pub fn account_wait(&self) -> Option<Duration> {
        self.account.wait()
    }

    /// What is left, and how long it is better to ask nothing at all.
    pub fn quota(&self) -> Option<Quota> {
        let used = [self.account.percent, self.app.percent].into_iter().flatten().reduce(f64::max)?;
        Some(Quota {
            text: format!("{used:.0} % of the hour's calls are used"),
            left_percent: (100.0 - used).clamp(0.0, 100.0),
            wait: self.app.wait(),
        })
    }
}

#[cfg(test)]
#[path = "usage_tests.rs"]
mod tests;
