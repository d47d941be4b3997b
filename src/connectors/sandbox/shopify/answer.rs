//! Answers an object by exactly the fields that were asked for, straight into the writer: nothing is built in between.

use std::cell::Cell;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::super::text::{self, Short};
use super::graphql::schema::Kind;
use super::graphql::{Args, Plan, Step};
use super::ledger::View;
use super::node::Node;

/// What an answer is made from.
pub struct Cx<'a> {
    pub view: &'a View<'a>,
    /// Objects answered so far: what the query really costs.
    pub cost: Cell<i64>,
}

/// What a field holds.
pub enum Got<'a> {
    Null,
    Flag(bool),
    Number(i64),
    Fraction(f64),
    Text(&'a str),
    Owned(String),
    Short(Short),
    /// Seconds since 1970.
    Time(i64),
    Texts(Vec<&'a str>),
    Node(Node<'a>),
    List(Vec<Node<'a>>),
    Page(Page<'a>),
}

impl<'a> Got<'a> {
    pub fn time(at: Option<i64>) -> Self {
        at.map_or(Self::Null, Self::Time)
    }

    pub fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }

    pub fn node(node: Option<Node<'a>>) -> Self {
        node.map_or(Self::Null, Self::Node)
    }

    pub fn id(kind: &str, id: u64) -> Self {
        Self::Short(text::gid(kind, id))
    }
}

/// A part of a connection.
pub struct Page<'a> {
    pub nodes: Vec<Node<'a>>,
    /// What each is sorted by, in milliseconds; else it is the id.
    pub values: Option<Vec<i64>>,
    pub next: bool,
    pub previous: bool,
}

/// The opaque place of a row in a sorted list.
pub fn cursor(id: u64, value: i64) -> String {
    STANDARD.encode(format!("{{\"last_id\":{id},\"last_value\":{value}}}"))
}

/// Reads a cursor: the id and the value it is sorted by.
pub fn read_cursor(cursor: &str) -> Option<(u64, i64)> {
    let value: Value = serde_json::from_slice(&STANDARD.decode(cursor).ok()?).ok()?;
    Some((value["last_id"].as_u64()?, value["last_value"].as_i64()?))
}

impl<'a> Page<'a> {
    /// Cuts a whole list to what `first`, `after`, `last` and `before` ask for.
    pub fn cut(mut nodes: Vec<Node<'a>>, args: &Args) -> Self {
        let place = |name: &str| {
            let id = args.text(name).and_then(read_cursor)?.0;
            nodes.iter().position(|node| node.id() == id)
        };
        let begin = place("after").map_or(0, |at| at + 1);
        let end = place("before").unwrap_or(nodes.len()).max(begin);
        let size = |name: &str| args.number(name).and_then(|size| usize::try_from(size).ok());
        let (begin, end) = match (size("first"), size("last")) {
            (Some(first), _) => (begin, end.min(begin.saturating_add(first))),
            (None, Some(last)) => (begin.max(end.saturating_sub(last)), end),
            (None, None) => (begin, end),
        };
        let (next, previous) = (end < nodes.len(), begin > 0);
        nodes.truncate(end);
        nodes.drain(..begin);
        Self { nodes, values: None, next, previous }
    }

    fn cursor(&self, at: usize) -> Option<String> {
        let id = self.nodes.get(at)?.id();
        Some(cursor(id, self.values.as_ref().map_or(id.cast_signed(), |values| values[at])))
    }
}

/// An object and the fields to answer of it.
pub struct Shaped<'a> {
    pub node: Node<'a>,
    pub plan: &'a Plan,
    pub cx: &'a Cx<'a>,
    /// As a line of a bulk result: connections are lines of their own.
    pub flat: bool,
    pub parent: Option<Short>,
}

impl Serialize for Shaped<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = self.node.kind();
        self.cx.cost.set(self.cx.cost.get() + i64::from(!matches!(kind, "MoneyBag" | "MoneyV2")));
        let mut map = serializer.serialize_map(None)?;
        for step in &self.plan.steps {
            let other = step.on.is_some_and(|on| on != kind);
            if other || (self.flat && matches!(step.kind, Kind::Connection(_))) {
                continue;
            }
            map.serialize_entry(&step.key, &Filled { node: self.node, step, cx: self.cx, flat: self.flat })?;
        }
        if let Some(parent) = &self.parent {
            map.serialize_entry("__parentId", parent)?;
        }
        map.end()
    }
}

/// A field of an object.
struct Filled<'a> {
    node: Node<'a>,
    step: &'a Step,
    cx: &'a Cx<'a>,
    flat: bool,
}

impl Serialize for Filled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shaped = |node| Shaped { node, plan: &self.step.sub, cx: self.cx, flat: self.flat, parent: None };
        if self.step.name == "__typename" {
            return serializer.serialize_str(self.node.kind());
        }
        match self.node.get(self.step, self.cx) {
            Got::Null => serializer.serialize_unit(),
            Got::Flag(flag) => serializer.serialize_bool(flag),
            Got::Number(number) => serializer.serialize_i64(number),
            Got::Fraction(number) => serializer.serialize_f64(number),
            Got::Text(text) => serializer.serialize_str(text),
            Got::Owned(text) => serializer.serialize_str(&text),
            Got::Short(text) => text.serialize(serializer),
            Got::Time(at) => text::instant(at).serialize(serializer),
            Got::Texts(texts) => texts.serialize(serializer),
            Got::Node(node) => shaped(node).serialize(serializer),
            Got::List(nodes) => {
                let mut list = serializer.serialize_seq(Some(nodes.len()))?;
                for node in nodes {
                    list.serialize_element(&shaped(node))?;
                }
                list.end()
            }
            Got::Page(page) => Paged { page: &page, plan: &self.step.sub, cx: self.cx }.serialize(serializer),
        }
    }
}

/// A connection and what to answer of it.
pub struct Paged<'a> {
    pub page: &'a Page<'a>,
    pub plan: &'a Plan,
    pub cx: &'a Cx<'a>,
}

impl Serialize for Paged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.cx.cost.set(self.cx.cost.get() + 2);
        let mut map = serializer.serialize_map(None)?;
        for step in &self.plan.steps {
            match step.name {
                "pageInfo" => map.serialize_entry(&step.key, &Info { page: self.page, plan: &step.sub })?,
                "__typename" => map.serialize_entry(&step.key, "Connection")?,
                edges_or_nodes => {
                    let edges = edges_or_nodes == "edges";
                    map.serialize_entry(&step.key, &Rows { page: self.page, plan: &step.sub, cx: self.cx, edges })?;
                }
            }
        }
        map.end()
    }
}

/// The rows of a connection.
struct Rows<'a> {
    page: &'a Page<'a>,
    plan: &'a Plan,
    cx: &'a Cx<'a>,
    edges: bool,
}

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.page.nodes.len()))?;
        for (at, node) in self.page.nodes.iter().enumerate() {
            match self.edges {
                false => {
                    let (node, plan, cx) = (*node, self.plan, self.cx);
                    list.serialize_element(&Shaped { node, plan, cx, flat: false, parent: None })?;
                }
                true => list.serialize_element(&Edge { rows: self, at })?,
            }
        }
        list.end()
    }
}

/// One edge.
struct Edge<'a> {
    rows: &'a Rows<'a>,
    at: usize,
}

impl Serialize for Edge<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for step in &self.rows.plan.steps {
            match step.name {
                "node" => {
                    let (node, plan, cx) = (self.rows.page.nodes[self.at], &step.sub, self.rows.cx);
                    map.serialize_entry(&step.key, &Shaped { node, plan, cx, flat: false, parent: None })?;
                }
                _ => map.serialize_entry(&step.key, &self.rows.page.cursor(self.at))?,
            }
        }
        map.end()
    }
}

/// Where a page stands in its list.
struct Info<'a> {
    page: &'a Page<'a>,
    plan: &'a Plan,
}

impl Serialize for Info<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for step in &self.plan.steps {
            match step.name {
                "hasNextPage" => map.serialize_entry(&step.key, &self.page.next)?,
                "hasPreviousPage" => map.serialize_entry(&step.key, &self.page.previous)?,
                "startCursor" => map.serialize_entry(&step.key, &self.page.cursor(0))?,
                _ => map.serialize_entry(&step.key, &self.page.cursor(self.page.nodes.len().wrapping_sub(1)))?,
            }
        }
        map.end()
    }
}
