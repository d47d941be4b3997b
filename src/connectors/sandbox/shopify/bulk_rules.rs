//! What a bulk query may not be.

use serde_json::Value;

use super::graphql::schema::Kind;
use super::graphql::{Plan, Step, check, parse};

const MOST_CONNECTIONS: usize = 5;
const MOST_DEPTH: usize = 2;

/// Reads a bulk query: its root connection.
///
/// # Errors
/// The message of the user error.
pub fn check(query: &str) -> Result<Step, String> {
    let invalid = |error: &Value| format!("Invalid bulk query: {}", error["message"].as_str().unwrap_or_default());
    let document = parse::parse(query).map_err(|fault| invalid(&fault.0))?;
    let checked = check::check(&document, None, &Value::Null).map_err(|errors| invalid(&errors[0]))?;
    let mut found = Found::default();
    look(&checked.plan, 0, &mut found);
    if found.connections == 0 {
        return Err("Bulk queries must contain at least one connection.".to_owned());
    }
    if found.connections > MOST_CONNECTIONS {
        return Err(format!("Bulk queries cannot contain more than {MOST_CONNECTIONS} connections."));
    }
    if found.depth > MOST_DEPTH {
        return Err(format!("Bulk queries cannot contain connections with a nesting depth greater than {MOST_DEPTH}."));
    }
    if found.in_list {
        return Err(
            "Queries that contain a connection field within a list field are not currently supported.".to_owned()
        );
    }
    if found.by_nodes {
        return Err("Bulk queries must select 'edges { node { ... } }' of a connection, not 'nodes'.".to_owned());
    }
    if let Some(name) = found.without_id {
        return Err(format!(
            "The parent 'node' field for a nested connection must select the 'id' field without an alias and must be of \
             'ID' return type. Connection fields without 'id': {name}."
        ));
    }
    let mut roots = checked.plan.steps.into_iter().filter(|step| matches!(step.kind, Kind::Connection(_)));
    match (checked.mutation, roots.next(), roots.next()) {
        (false, Some(root), None) => Ok(root),
        _ => Err("Bulk queries must contain exactly one top-level connection.".to_owned()),
    }
}

#[derive(Default)]
struct Found {
    connections: usize,
    depth: usize,
    in_list: bool,
    by_nodes: bool,
    without_id: Option<String>,
}

fn look(plan: &Plan, depth: usize, found: &mut Found) {
    for step in &plan.steps {
        match step.kind {
            Kind::Scalar => {}
            Kind::Object(_) => look(&step.sub, depth, found),
            Kind::List(_) => {
                let before = found.connections;
                look(&step.sub, depth, found);
                found.in_list |= found.connections > before;
            }
            Kind::Connection(_) => connection(step, depth + 1, found),
        }
    }
}

fn connection(step: &Step, depth: usize, found: &mut Found) {
    found.connections += 1;
    found.depth = found.depth.max(depth);
    found.by_nodes |= step.sub.find("nodes").is_some();
    let Some(nodes) = step.sub.nodes() else { return };
    let before = found.connections;
    look(nodes, depth, found);
    let bare = nodes.steps.iter().any(|step| step.name == "id" && step.key == "id");
    if found.connections > before && !bare {
        found.without_id = Some(step.key.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_platform_refuses_is_refused() {
        let ok = "{orders(query:\"id:>1\"){edges{node{id refunds{id createdAt} lineItems{edges{node{id}}}}}}}";
        assert_eq!(check(ok).unwrap().name, "orders");
        let refused = |query: &str| check(query).unwrap_err();
        assert!(refused("{shop{id}}").contains("at least one"));
        assert!(refused("{orders{nodes{id}}}").contains("edges"));
        assert!(refused("{orders{edges{node{name lineItems{edges{node{id}}}}}}}").contains("orders"));
        let in_list = "{orders{edges{node{id refunds{id refundLineItems{edges{node{id}}}}}}}}";
        assert!(refused(in_list).contains("within a list field"));
        let deep =
            "{products{edges{node{id variants{edges{node{id inventoryItem{id inventoryLevels{edges{node{id}}}}}}}}}}}";
        assert!(refused(deep).contains("depth"));
        assert!(refused("{orders{edges{node{nonsense}}}}").contains("nonsense"));
    }
}
