//! The body of an answer, counted until it has been handed over or given up.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};

use super::wire::Signs;

/// It.
pub(super) struct UnderWay {
    body: Body,
    signs: Arc<Signs>,
}

impl UnderWay {
    pub(super) fn new(body: Body, signs: Arc<Signs>) -> Self {
        signs.under_way.fetch_add(1, Relaxed);
        Self { body, signs }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.signs.under_way.fetch_sub(1, Relaxed);
    }
}

impl hyper::body::Body for UnderWay {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
