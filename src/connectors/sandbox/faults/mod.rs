//! Faults on demand: which requests go wrong, how often, and how.

mod replies;
mod script;

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::draw::Draw;
use super::exchange::{Asked, Demand, Payload, Reply, Trouble};
use super::meta;
use super::world::World;
pub use script::{Fault, Script, Then};

/// The script that is in force, and how far each fault is.
#[derive(Debug, Default)]
pub struct Faults {
    all: Mutex<Vec<Armed>>,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    matched: u64,
    fired: u64,
}

impl Faults {
    /// Puts a script in the place of the last one.
    pub fn arm(&self, script: Script) {
        let armed = script.fault.into_iter().map(|fault| Armed { fault, matched: 0, fired: 0 });
        *self.all.lock().unwrap_or_else(PoisonError::into_inner) = armed.collect();
    }

    /// How often each matched and fired.
    pub fn report(&self) -> Value {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|armed| json!({"matched": armed.matched, "fired": armed.fired})).collect()
    }

    /// What goes wrong with this request, if anything does. Every fault that matches counts it; the first that is due takes it.
    fn due(&self, seed: u64, platform: &str, asked: &Asked) -> Option<Then> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = None;
        for (number, armed) in all.iter_mut().enumerate() {
            if !armed.fault.matches(platform, asked) {
                continue;
            }
            armed.matched += 1;
            let chance = armed.fault.per_mille.unwrap_or(1000);
            let mut draw = Draw::of(seed, 90 + number as u64, armed.matched);
            let spent = armed.fault.times.is_some_and(|times| armed.fired >= times);
            if due.is_none() && armed.matched > armed.fault.skip && !spent && draw.chance(chance) {
                armed.fired += 1;
                due = Some(armed.fault.then.clone());
            }
        }
        due
    }
}

/// Answers a request of a platform, well or as the script says.
pub fn answer(world: &Arc<World>, platform: &str, rest: &str, mut asked: Asked) -> Reply {
    let Some(then) = world.faults.due(world.options.seed, platform, &asked) else {
        return world.platform(platform, rest, &asked);
    };
    let trouble = |trouble| Reply { trouble: Some(trouble), ..Reply::text(200, "") };
    match then {
        Then::Timeout => trouble(Trouble::Silence),
        Then::Reset => trouble(Trouble::Reset),
        Then::Truncate { bytes } => {
            Reply { trouble: Some(Trouble::Cut(bytes)), ..world.platform(platform, rest, &asked) }
        }
        Then::Drip { millis } => {
            Reply { trouble: Some(Trouble::Drip(millis)), ..world.platform(platform, rest, &asked) }
        }
        Then::ContentType { value } => {
            let mut reply = world.platform(platform, rest, &asked);
            reply.headers.retain(|(name, _)| *name != "content-type");
            reply.with("content-type", value)
        }
        Then::Used { account, minutes, app } => {
            meta::usage(world.platform(platform, rest, &asked), rest, (account, minutes, app))
        }
        Then::Partial => {
            asked.demand = Some(Demand::BreakMidStream);
            partial(world, platform, world.platform(platform, rest, &asked))
        }
        Then::BulkFailed { code, partial } => {
            asked.demand = Some(Demand::BulkFails { code, partial });
            world.platform(platform, rest, &asked)
        }
        Then::BulkStuck => {
            asked.demand = Some(Demand::BulkSticks);
            world.platform(platform, rest, &asked)
        }
        Then::AsyncFailed | Then::AsyncSkipped | Then::AsyncStuck => {
            asked.demand = Some(match then {
                Then::AsyncFailed => Demand::RunFails,
                Then::AsyncSkipped => Demand::RunIsSkipped,
                _ => Demand::RunSticks,
            });
            world.platform(platform, rest, &asked)
        }
        other => replies::of(world, platform, rest, &other),
    }
}

/// A right answer with an error in it.
fn partial(world: &World, platform: &str, mut reply: Reply) -> Reply {
    let Payload::Whole(body) = &reply.payload else { return reply };
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return reply };
    match platform {
        "shopify" => {
            value["errors"] = json!([{"message": "Internal error. Looks like something went wrong on our end.",
            "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": world.request_number().to_string()}}])
        }
        "meta" => {
            value["error"] = json!({"message": "An unknown error has occurred.", "type": "OAuthException", "code": 1})
        }
        "tiktok" => {
            value["code"] = json!(20_001);
            value["message"] = json!("Partial success");
        }
        _ => {}
    }
    reply.payload = Payload::Whole(value.to_string().into_bytes());
    reply
}
