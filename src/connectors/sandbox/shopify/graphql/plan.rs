//! What is to be answered: a checked operation with its variables filled in.

use serde_json::{Map, Value};

use super::lex::At;
use super::schema::Kind;

/// The fields to answer of one object.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub steps: Vec<Step>,
}

/// A field to answer.
#[derive(Debug, Clone)]
pub struct Step {
    /// The alias, or the name.
    pub key: String,
    pub name: &'static str,
    pub kind: Kind,
    /// Only for this type.
    pub on: Option<&'static str>,
    pub args: Args,
    pub sub: Plan,
    pub at: At,
}

/// Arguments of a field.
#[derive(Debug, Clone, Default)]
pub struct Args(pub Map<String, Value>);

impl Args {
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub fn number(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    pub fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Texts of a list, or the one text.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) => vec![text],
            _ => Vec::new(),
        }
    }
}

impl Plan {
    /// The plan of a connection's nodes, whether asked for as `nodes` or as `edges{node}`.
    pub fn nodes(&self) -> Option<&Plan> {
        self.steps.iter().find_map(|step| match step.name {
            "nodes" => Some(&step.sub),
            "edges" => step.sub.steps.iter().find(|step| step.name == "node").map(|step| &step.sub),
            _ => None,
        })
    }

    pub fn find(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The points it may cost: an object 1, money and scalars nothing, a connection 2 and the root of its size times a node.
    pub fn cost(&self) -> i64 {
        self.steps.iter().map(Step::cost).sum()
    }

    /// Whether this or anything below selects `name` of an object of type `kind`.
    pub fn selects(&self, of: &str, kind: &str, name: &str) -> bool {
        self.steps.iter().any(|step| {
            let below = match step.kind {
                Kind::Scalar => return of == kind && step.name == name,
                Kind::Object(to) | Kind::List(to) => step.sub.selects(to, kind, name),
                Kind::Connection(to) => step.sub.nodes().is_some_and(|nodes| nodes.selects(to, kind, name)),
            };
            below || (of == kind && step.name == name)
        })
    }
}

impl Step {
    fn cost(&self) -> i64 {
        let size = self.args.number("first").or_else(|| self.args.number("last"));
        match self.kind {
            Kind::Scalar | Kind::Object("MoneyBag" | "MoneyV2" | "PageInfo") => 0,
            Kind::Object(_) => 1 + self.sub.cost(),
            Kind::List(_) => size.map_or(1, root) * (1 + self.sub.cost()),
            Kind::Connection(_) => 2 + root(size.unwrap_or(1)) * (1 + self.sub.nodes().map_or(0, Plan::cost)),
        }
    }
}

/// The square root, rounded up.
fn root(size: i64) -> i64 {
    let mut root = 0;
    while root * root < size.clamp(0, 250) {
        root += 1;
    }
    root
}
