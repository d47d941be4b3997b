//! What is computed of rows before they land: their digests and whose they are. It needs no store, so that the thread which
//! reads a file can do it while another one writes.

use super::customers::{Identity, Key};
use super::digest::{Digest, Fields};
use super::rows::{Batch, CustomerRef};
use super::{orders, refunds};

/// Marks batches of one connector. Cheap to clone.
#[derive(Clone)]
pub struct Marker {
    identity: Identity,
    connector: Box<str>,
}

/// Of one batch: a mark for each order and each refund, in the batch's order.
#[derive(Debug, Default)]
pub struct Marks {
    pub(super) orders: Vec<Mark>,
    pub(super) refunds: Vec<Mark>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    /// `None` for an empty address or id: such a row has no customer.
    pub customer: Option<Key>,
    pub digest: Digest,
}

impl Marks {
    /// Whether they can be those of `batch`.
    pub(super) fn fit(&self, batch: &Batch) -> bool {
        self.orders.len() == batch.orders.len() && self.refunds.len() == batch.refunds.len()
    }
}

impl Marker {
    pub(super) fn new(identity_key: &[u8; 32], connector: &str) -> Self {
        Self { identity: Identity::new(identity_key), connector: connector.into() }
    }

    /// The marks of a batch.
    pub fn mark(&self, batch: &Batch) -> Marks {
        let mut fields = Fields::default();
        let orders = batch.orders.iter().map(|order| {
            let customer = self.customer(order.customer.as_ref());
            orders::digest(&mut fields, order, customer.as_ref());
            Mark { customer, digest: fields.digest() }
        });
        let orders = orders.collect();
        let refunds = batch.refunds.iter().map(|refund| {
            let customer = self.customer(refund.customer.as_ref());
            refunds::digest(&mut fields, refund, customer.as_ref());
            Mark { customer, digest: fields.digest() }
        });
        let refunds = refunds.collect();
        Marks { orders, refunds }
    }

    fn customer(&self, customer: Option<&CustomerRef>) -> Option<Key> {
        let customer = customer?;
        let is_empty = match customer {
            CustomerRef::Email(text) | CustomerRef::SourceId(text) => text.trim().is_empty(),
            CustomerRef::Hashed(_) => false,
        };
        (!is_empty).then(|| self.identity.key(customer, &self.connector))
    }
}
