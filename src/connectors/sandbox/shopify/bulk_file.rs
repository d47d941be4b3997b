//! The file of a bulk operation: one line an object, made while it is sent, never held whole.

use std::cell::Cell;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

use super::super::text::Short;
use super::answer::{Cx, Got, Shaped};
use super::bulk::Job;
use super::graphql::schema::Kind;
use super::graphql::{Plan, Step};
use super::ledger::Ledger;
use super::node::Node;
use super::order::Order;
use super::roots::{self, Asking};
use super::search;
use super::shop::SETTLED;

/// Orders whose lines are mixed with each other where objects are not grouped.
const BLOCK: usize = 64;

/// Escapes slashes, as the platform does.
struct Slashes(CompactFormatter);

impl Formatter for Slashes {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut pieces = fragment.split('/');
        if let Some(first) = pieces.next() {
            self.0.write_string_fragment(writer, first)?;
        }
        for piece in pieces {
            writer.write_all(b"\\/")?;
            self.0.write_string_fragment(writer, piece)?;
        }
        Ok(())
    }
}

/// What takes the lines. Says whether it wants more.
pub trait Lines {
    fn line(&mut self, node: Node<'_>, plan: &Plan, cx: &Cx<'_>, parent: Option<Short>) -> bool;
    /// A place to stop at, when everything so far was taken.
    fn rest(&mut self) -> bool;
}

/// Counts them.
#[derive(Default)]
pub struct Count {
    pub lines: u64,
    pub roots: u64,
}

impl Lines for Count {
    fn line(&mut self, _: Node<'_>, _: &Plan, _: &Cx<'_>, parent: Option<Short>) -> bool {
        self.lines += 1;
        self.roots += u64::from(parent.is_none());
        true
    }

    fn rest(&mut self) -> bool {
        true
    }
}

/// Writes them, in pieces.
pub struct Written<F: FnMut(Vec<u8>) -> bool> {
    pub buffer: Vec<u8>,
    /// How many may still be written.
    pub left: u64,
    pub send: F,
}

const PIECE: usize = 128 << 10;

impl<F: FnMut(Vec<u8>) -> bool> Lines for Written<F> {
    fn line(&mut self, node: Node<'_>, plan: &Plan, cx: &Cx<'_>, parent: Option<Short>) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let mut serializer = Serializer::with_formatter(&mut self.buffer, Slashes(CompactFormatter));
        let written = Shaped { node, plan, cx, flat: true, parent }.serialize(&mut serializer);
        self.buffer.push(b'\n');
        written.is_ok()
    }

    fn rest(&mut self) -> bool {
        self.buffer.len() < PIECE || (self.send)(std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE * 2)))
    }
}

/// Goes through the whole result of a job.
pub fn walk(job: &Job, ledger: &Ledger, lines: &mut impl Lines) {
    let mut view = ledger.at(job.created);
    view.overlay = job.overlay.clone();
    let Some(plan) = job.step.sub.nodes() else { return };
    let cx = Cx { view: &view, cost: Cell::new(0) };
    let search = search::read(job.step.args.text("query").unwrap_or_default(), roots::fields(job.step.name));
    if job.step.name != "orders" {
        for (node, _) in roots::things(&view, &job.step, &search) {
            if !with_children(node, plan, &cx, lines) || !lines.rest() {
                return;
            }
        }
        return;
    }
    let asking = Asking { view: &view, grant: &job.grant, jobs: &super::bulk::Jobs::default(), url: "" };
    let mut block: Vec<Order> = Vec::with_capacity(BLOCK);
    let (from, to) = roots::placed(&search);
    // What changed was placed at most so long before, unless somebody stepped in.
    let from = if view.overlay.changes.is_empty() { from.max(search.range("updated_at").0 - SETTLED) } else { from };
    let mut odd = false;
    let mut keys = view.placed_between(from, to).peekable();
    while let Some((_, index)) = keys.next() {
        block.extend(view.order(index).filter(|order| roots::fits(&asking, order, &search)));
        if block.len() == BLOCK || keys.peek().is_none() {
            if !mixed(&block, plan, &cx, lines, (job.grouped, odd)) || !lines.rest() {
                return;
            }
            block.clear();
            odd = !odd;
        }
    }
}

/// Lines of some orders: each with its children behind it where grouped, else children in front of or behind all of them.
fn mixed(block: &[Order], plan: &Plan, cx: &Cx<'_>, lines: &mut impl Lines, (grouped, odd): (bool, bool)) -> bool {
    let mut nodes = block.iter().map(Node::Order);
    if grouped {
        return nodes.all(|node| with_children(node, plan, cx, lines));
    }
    (odd || parents(block, plan, cx, lines))
        && nodes.all(|node| children(node, plan, cx, lines))
        && (!odd || parents(block, plan, cx, lines))
}

fn parents(block: &[Order], plan: &Plan, cx: &Cx<'_>, lines: &mut impl Lines) -> bool {
    block.iter().map(Node::Order).all(|node| lines.line(node, plan, cx, None))
}

fn with_children(node: Node<'_>, plan: &Plan, cx: &Cx<'_>, lines: &mut impl Lines) -> bool {
    lines.line(node, plan, cx, None) && children(node, plan, cx, lines)
}

fn children(node: Node<'_>, plan: &Plan, cx: &Cx<'_>, lines: &mut impl Lines) -> bool {
    let id = plan.find("id").and_then(|step| match node.get(step, cx) {
        Got::Short(id) => Some(id),
        _ => None,
    });
    below(node, plan, id, cx, lines)
}

/// Connections of an object, and of the objects in its fields: their lines name the nearest parent that has an id.
fn below(node: Node<'_>, plan: &Plan, parent: Option<Short>, cx: &Cx<'_>, lines: &mut impl Lines) -> bool {
    plan.steps.iter().filter(|step| has_lines(step)).all(|step| match (node.get(step, cx), step.sub.nodes()) {
        (Got::Page(page), Some(inner)) => page
            .nodes
            .into_iter()
            .all(|child| lines.line(child, inner, cx, parent) && children(child, inner, cx, lines)),
        (Got::Node(part), _) => below(part, &step.sub, parent, cx, lines),
        _ => true,
    })
}

fn has_lines(step: &Step) -> bool {
    match step.kind {
        Kind::Connection(_) => true,
        Kind::Object(_) => step.sub.steps.iter().any(has_lines),
        Kind::Scalar | Kind::List(_) => false,
    }
}
