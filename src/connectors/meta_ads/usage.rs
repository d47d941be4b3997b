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

/// The most that any header of a step's answers said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    percent: Option<f64>,
    regain: Option<Duration>,
}

impl Usage {
    /// Takes an answer's headers.
    pub fn note(&mut self, answer: &Answer) {
        let header = |name| answer.header(name).and_then(|text| serde_json::from_str::<Value>(text).ok());
        // A list for each business, app or account.
        if let Some(Value::Object(all)) = header("x-business-use-case-usage") {
            for entry in all.values().flat_map(|list| list.as_array().into_iter().flatten()) {
                self.most(entry, &["call_count", "total_cputime", "total_time"]);
                let minutes = entry["estimated_time_to_regain_access"].as_f64().unwrap_or_default();
                self.regains(minutes * 60.0);
            }
        }
        if let Some(insights) = header("x-fb-ads-insights-throttle") {
            self.most(&insights, &["app_id_util_pct", "acc_id_util_pct"]);
        }
        if let Some(account) = header("x-ad-account-usage") {
            self.most(&account, &["acc_id_util_pct"]);
            if account["acc_id_util_pct"].as_f64().is_some_and(|percent| percent >= ENOUGH) {
                self.regains(account["reset_time_duration"].as_f64().unwrap_or_default());
            }
        }
        if let Some(app) = header("x-app-usage") {
            self.most(&app, &["call_count", "total_cputime", "total_time"]);
        }
    }

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

    /// When access comes back, if a header said so.
    pub fn regain(&self) -> Option<Duration> {
        self.regain
    }

    /// What is left, and how long it is better to wait.
    pub fn quota(&self) -> Option<Quota> {
        let used = self.percent?;
        let usual = WAITS[usize::from(used >= NEARLY_ALL)];
        Some(Quota {
            text: format!("{used:.0} % of the hour's calls are used"),
            left_percent: (100.0 - used).clamp(0.0, 100.0),
            wait: (used >= ENOUGH).then(|| self.regain.unwrap_or(usual)),
        })
    }
}

#[cfg(test)]
#[path = "usage_tests.rs"]
mod tests;
