//! What the three ad platforms have in common: accounts, days in slices, a pass over them, figures as text, rows as windows.
//!
//! A slice of an account's days is read whole, kept as one answer and landed as one window, because a window replaces every row
//! of its days: what vanished at the platform vanishes here, and half a slice must never land. So a row that cannot be understood
//! takes its day out of the window: that day stays as it was, with the row among the rejects, until it can be read again.

mod account;
mod days;
mod figures;
mod pass;
mod request;
mod settings;
mod window;

pub(super) use account::{Account, Found, LeftOut, bare};
pub(super) use days::{Days, Rule};
pub(super) use figures::{count, micros, whole_micros};
pub(super) use pass::{Halt, Platform, Read, Work, step, tested};
pub(super) use request::{bearer, json, request, scrubbed};
pub(super) use settings::{account_ids, checked, needed};
pub(super) use window::{About, Figures, Path, STREAM, answer, parse};
