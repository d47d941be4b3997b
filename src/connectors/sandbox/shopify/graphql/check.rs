//! Checks an operation against the schema, with the errors that the Admin API answers.

use serde_json::{Map, Value, json};

use super::lex::At;
use super::parse::{Document, Field, Operation, Selection};
use super::plan::{Args, Plan, Step};
use super::schema::{self, Kind};

/// A checked operation.
#[derive(Debug)]
pub struct Checked {
    pub mutation: bool,
    pub plan: Plan,
}

/// Picks the operation, fills in its variables and checks every field.
///
/// # Errors
/// The entries of `errors`.
pub fn check(document: &Document, name: Option<&str>, given: &Value) -> Result<Checked, Vec<Value>> {
    let operation = pick(document, name)?;
    let variables = variables(operation, given)?;
    let kind = if operation.mutation { "mutation" } else { "query" };
    let head = operation.name.as_ref().map_or(kind.to_owned(), |name| format!("{kind} {name}"));
    let mut checker = Checker { document, variables, errors: Vec::new(), path: vec![head], depth: 0 };
    let root = if operation.mutation { "Mutation" } else { "QueryRoot" };
    let plan = checker.plan(root, None, &operation.selections);
    if checker.errors.is_empty() { Ok(Checked { mutation: operation.mutation, plan }) } else { Err(checker.errors) }
}

fn pick<'a>(document: &'a Document, name: Option<&str>) -> Result<&'a Operation, Vec<Value>> {
    let found = match name {
        Some(name) => document.operations.iter().find(|operation| operation.name.as_deref() == Some(name)),
        None => document.operations.first().filter(|_| document.operations.len() == 1),
    };
    found
        .ok_or_else(|| vec![json!({"message": "An operation name is required", "extensions": {"code": "BAD_REQUEST"}})])
}

fn variables(operation: &Operation, given: &Value) -> Result<Map<String, Value>, Vec<Value>> {
    let mut filled = Map::new();
    for variable in &operation.variables {
        let value = match given.get(&variable.name) {
            Some(value) => value.clone(),
            None => variable.default.as_ref().map_or(Value::Null, |default| default.value(&Map::new())),
        };
        let explanation = match (variable.kind.trim_end_matches('!'), &value) {
            (_, Value::Null) if variable.kind.ends_with('!') => "Expected value to not be null".to_owned(),
            ("Int", Value::String(text)) => format!("Could not coerce value \"{text}\" to Int"),
            ("String", Value::Number(number)) => format!("Could not coerce value {number} to String"),
            _ => {
                filled.insert(variable.name.clone(), value);
                continue;
            }
        };
        let At { line, column } = variable.at;
        return Err(vec![json!({
            "message": format!("Variable ${} of type {} was provided invalid value", variable.name, variable.kind),
            "locations": [{"line": line, "column": column}],
            "extensions": {"code": "INVALID_VARIABLE", "value": value,
                "problems": [{"path": [], "explanation": explanation}]},
        })]);
    }
    Ok(filled)
}

struct Checker<'a> {
    document: &'a Document,
    variables: Map<String, Value>,
    errors: Vec<Value>,
    path: Vec<String>,
    depth: usize,
}

/// What a selection belongs to: a type of the schema, or what surrounds the nodes of a connection.
#[derive(Clone, Copy)]
enum Holder {
    Type(&'static str),
    Connection(&'static str),
    Edge(&'static str),
}

impl Checker<'_> {
    fn plan(&mut self, kind: &'static str, on: Option<&'static str>, selections: &[Selection]) -> Plan {
        self.fill(Holder::Type(kind), on, selections)
    }

    fn fill(&mut self, holder: Holder, on: Option<&'static str>, selections: &[Selection]) -> Plan {
        let mut plan = Plan::default();
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    self.path.push(field.alias.clone().unwrap_or_else(|| field.name.clone()));
                    plan.steps.extend(self.step(holder, on, field));
                    self.path.pop();
                }
                Selection::Inline(None, inner) => plan.steps.extend(self.fill(holder, on, inner).steps),
                Selection::Inline(Some(kind), inner) => plan.steps.extend(self.narrowed(kind, inner)),
                Selection::Spread(name) => {
                    let Some((kind, inner)) = self.document.fragments.get(name) else {
                        self.errors.push(json!({"message": format!("Fragment {name} was used, but not defined"),
                            "extensions": {"code": "useAndDefineFragment", "fragmentName": name}}));
                        continue;
                    };
                    plan.steps.extend(self.narrowed(kind, inner));
                }
            }
        }
        // A field that is asked for twice is answered once.
        let mut known: Vec<(String, Option<&'static str>)> = Vec::new();
        plan.steps.retain(|step| {
            let is_new = !known.iter().any(|(key, on)| *key == step.key && (on.is_none() || *on == step.on));
            known.push((step.key.clone(), step.on));
            is_new
        });
        plan
    }

    fn narrowed(&mut self, kind: &str, inner: &[Selection]) -> Vec<Step> {
        let connection = kind.strip_suffix("Connection").and_then(schema::known);
        let holder = match (schema::known(kind), connection) {
            (Some(kind), _) => Holder::Type(kind),
            (None, Some(of)) => Holder::Connection(of),
            _ => {
                self.errors
                    .push(json!({"message": format!("No such type {kind}, so it can't be a fragment condition"),
                    "extensions": {"code": "undefinedType", "typeName": kind}}));
                return Vec::new();
            }
        };
        // A fragment that spreads itself ends somewhere.
        self.depth += 1;
        let steps = if self.depth > 20 { Vec::new() } else { self.fill(holder, schema::known(kind), inner).steps };
        self.depth -= 1;
        steps
    }

    fn step(&mut self, holder: Holder, on: Option<&'static str>, field: &Field) -> Option<Step> {
        let step = |name, kind, args, sub| {
            let key = field.alias.clone().unwrap_or_else(|| field.name.clone());
            Some(Step { key, name, kind, on, args, sub, at: field.at })
        };
        let (name, kind, inner) = match (holder, field.name.as_str()) {
            (_, "__typename") => return step("__typename", Kind::Scalar, Args::default(), Plan::default()),
            (Holder::Type(of), name) => match schema::find(of, name) {
                None => return self.undefined(of, field),
                Some(found) => {
                    self.arguments(found, field);
                    let inner = match found.kind {
                        Kind::Scalar => None,
                        Kind::Object(to) | Kind::List(to) => Some(Holder::Type(to)),
                        Kind::Connection(to) => Some(Holder::Connection(to)),
                    };
                    (found.name, found.kind, inner)
                }
            },
            (Holder::Connection(of), "nodes") => ("nodes", Kind::List(of), Some(Holder::Type(of))),
            (Holder::Connection(of), "edges") => ("edges", Kind::List(of), Some(Holder::Edge(of))),
            (Holder::Connection(_), "pageInfo") => {
                ("pageInfo", Kind::Object("PageInfo"), Some(Holder::Type("PageInfo")))
            }
            (Holder::Edge(of), "node") => ("node", Kind::Object(of), Some(Holder::Type(of))),
            (Holder::Edge(_), "cursor") => ("cursor", Kind::Scalar, None),
            (Holder::Connection(of), _) => return self.undefined(&format!("{of}Connection"), field),
            (Holder::Edge(of), _) => return self.undefined(&format!("{of}Edge"), field),
        };
        let sub = match inner {
            None if field.selections.is_empty() => Plan::default(),
            Some(inner) if !field.selections.is_empty() => self.fill(inner, None, &field.selections),
            inner => return self.mismatch(inner, field),
        };
        let args = field.arguments.iter().map(|(key, value)| (key.clone(), value.value(&self.variables)));
        let args = args.filter(|(_, value)| !value.is_null()).collect();
        step(name, kind, Args(args), sub)
    }

    fn error(&mut self, message: String, field: &Field, extensions: Value) {
        let At { line, column } = field.at;
        self.errors.push(json!({"message": message, "locations": [{"line": line, "column": column}],
            "path": self.path, "extensions": extensions}));
    }

    fn undefined(&mut self, of: &str, field: &Field) -> Option<Step> {
        let message = format!("Field '{}' doesn't exist on type '{of}'", field.name);
        self.error(message, field, json!({"code": "undefinedField", "typeName": of, "fieldName": field.name}));
        None
    }

    fn mismatch(&mut self, inner: Option<Holder>, field: &Field) -> Option<Step> {
        let name = &field.name;
        let (message, of) = match inner {
            Some(holder) => {
                let of = match holder {
                    Holder::Type(of) => of.to_owned(),
                    Holder::Connection(of) => format!("{of}Connection"),
                    Holder::Edge(of) => format!("{of}Edge"),
                };
                let hint = format!("Did you mean '{name} {{ ... }}'?");
                (format!("Field must have selections (field '{name}' returns {of} but has no selections. {hint})"), of)
            }
            None => {
                (format!("Selections can't be made on scalars (field '{name}' returns a scalar)"), "String".to_owned())
            }
        };
        let node = format!("field '{name}'");
        self.error(message, field, json!({"code": "selectionMismatch", "nodeName": node, "typeName": of}));
        None
    }

    fn arguments(&mut self, found: &schema::FieldType, field: &Field) {
        for (argument, _) in field.arguments.iter().filter(|(argument, _)| !found.takes(argument)) {
            let message = format!("Field '{}' doesn't accept argument '{argument}'", field.name);
            let extensions = json!({"code": "argumentNotAccepted", "name": field.name, "typeName": "Field", "argumentName": argument});
            self.error(message, field, extensions);
        }
    }
}
