//! Who asks and what they may: sign-in, access tokens, refresh cookies, people with their roles and brands, links that let them in,
//! API keys, second factors, passkeys, single sign-on, instance tokens, and the guard before every route.
//!
//! An access token is void as soon as its person's token version moves on (sign-out, another role, disabled, removed, a new
//! password); versions are kept per open tenant and changed with the row, so the next request already sees it. Signing out ends
//! the session's refresh cookie and voids all access tokens of the person; their other sessions refresh without noticing.

mod access;
mod account;
pub mod account_routes;
mod cookie;
pub mod instance;
pub mod keys;
pub mod links;
mod login;
mod member;
pub mod oidc;
pub mod passkeys;
mod passwords;
mod people;
mod permission;
mod reach;
mod refresh;
mod roster;
pub mod routes;
pub mod second;
mod session;
mod sessions;
mod setup;
mod store;
mod throttle;
mod tokens;
pub mod users_routes;

pub use access::{Access, Asked, gate, guard, recognise, recognise_anybody, recognise_with};
pub use links::{NewInvitation, invite, reset as reset_link};
pub use login::{Login, SignedIn, TenantView, UserView};
pub use member::{Member, Scope, User, actor};
pub use people::{
    Brands, NewPerson, Person, PersonChange, State, create_person, list_people, remove_person, update_person,
};
pub use permission::{Permission, Permissions, Role};
pub use reach::{Power, Reach};
pub use second::{reseal as reseal_second_factors, reset as reset_second_factor};
pub use session::Auth;
pub use sessions::{clear_old, end_all};
pub use setup::NewOwner;
pub use store::emails;
pub use tokens::{Claims, LIFETIME_SECS, Signer};

pub use crate::events::Author;

use crate::error::Error;

/// The one answer to no or bad credentials.
pub fn sign_in() -> Error {
    Error::SignInRequired { code: "sign_in_required", reason: "Sign in to continue.".into() }
}

/// A name as it stands in an address: lower-case letters and digits, single dashes between, at most 40 characters.
pub fn slug(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let slug: String = words.join("-").chars().take(40).collect();
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "home".to_owned() } else { slug.to_owned() }
}
