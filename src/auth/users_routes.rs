//! A tenant's people over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::member::Member;
use super::people::{self, Brands, NewPerson, Person, PersonChange, State as PersonState};
use super::permission::Role;
use super::reach::Reach;
use super::session::Auth;
use super::store::{BrandRow, brand_uids, brands_within};
use crate::error::{Error, Result};
use crate::http::{Json, Path, Problem};

/// A person as its tenant's managers see it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct UserRow {
    /// UUID.
    id: String,
    /// Lower case.
    email: String,
    name: String,
    role: Role,
    state: PersonState,
    /// Null for somebody who has never signed in.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_login_at: Option<Timestamp>,
    /// Ids of the brands the person may know of; null for all.
    brands: Option<Vec<String>>,
    /// Whether a code is asked for at the sign-in.
    second_factor: bool,
    /// How many passkeys let the person in.
    passkeys: u32,
    /// Whether an account at the provider of single sign-on is bound to the person.
    single_sign_on: bool,
}

/// Everybody of the tenant.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Users {
    users: Vec<UserRow>,
}

/// The body of `POST /api/users`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    email: String,
    name: String,
    role: Role,
    /// 12 characters or more, none of the common ones.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// Ids or slugs of the brands the person may know of; all where absent.
    brands: Option<Vec<String>>,
}

/// The body of `PATCH /api/users/{id}`: what is absent stays.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    name: Option<String>,
    role: Option<Role>,
    state: Option<PersonState>,
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<SecretString>,
    /// Ids or slugs of the brands the person may know of.
    brands: Option<Vec<String>>,
    /// True: all brands, also those still to come.
    all_brands: Option<bool>,
}

impl UserChange {
    fn read(self) -> Result<PersonChange> {
        let brands = match (self.brands, self.all_brands) {
            (None, Some(true)) => Some(Brands::All),
            (Some(_), Some(true)) => {
                return Err(Error::invalid("brands", "Name the brands, or ask for all: not both."));
            }
            (brands, _) => brands.map(Brands::Only),
        };
        Ok(PersonChange { name: self.name, role: self.role, state: self.state, password: self.password, brands })
    }
}

fn row(person: Person, brands: &[BrandRow]) -> UserRow {
    let (user, state, last_login_at) = (person.user, person.state, person.last_login_at);
    UserRow {
        id: user.id,
        email: user.email,
        name: user.name,
        role: user.role,
        state,
        last_login_at,
        brands: brand_uids(brands, &person.reach),
        second_factor: person.second_factor,
        passkeys: person.passkeys,
        single_sign_on: person.provider_bound,
    }
}

/// Everybody of the tenant.
#[utoipa::path(get, path = "/api/users", tag = "users", responses(
    (status = 200, body = Users), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn list(member: Member) -> Result<Json<Users>> {
    let people = people::list_people(&member.tenant).await?;
    let reach = member.reach;
    let brands = member.tenant.db().read(move |conn| brands_within(conn, &reach)).await?;
    Ok(Json(Users { users: people.into_iter().map(|person| row(person, &brands)).collect() }))
}

/// Adds a person.
#[utoipa::path(post, path = "/api/users", tag = "users", request_body = NewUser, responses(
    (status = 201, body = UserRow), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(auth): State<Auth>,
    member: Member,
    Json(body): Json<NewUser>,
) -> Result<(StatusCode, Json<UserRow>)> {
    let new = NewPerson::parse(&body.email, &body.name, body.role, body.password)?.within(body.brands.clone());
    let by = (member.author(), Some(member.power()));
    let user = people::create_person((auth.tenants(), &member.tenant), new, by, auth.clock().system_time()).await?;
    let (names, all, within) = (body.brands, Reach::All, member.reach);
    let read = member
        .tenant
        .db()
        .read(move |conn| Ok((Reach::parse(conn, names.as_deref(), &all)?, brands_within(conn, &within)?)));
    let (reach, brands) = read.await?;
    let person = Person {
        user,
        state: PersonState::Active,
        last_login_at: None,
        reach,
        second_factor: false,
        passkeys: 0,
        provider_bound: false,
    };
    Ok((StatusCode::CREATED, Json(row(person, &brands))))
}

/// Changes a person. Another role, state or password, or other brands, sign the person out everywhere.
#[utoipa::path(patch, path = "/api/users/{id}", tag = "users", params(("id" = String, Path)), request_body = UserChange, responses(
    (status = 200, body = UserRow), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn update(
    State(auth): State<Auth>,
    member: Member,
    Path(id): Path<String>,
    Json(body): Json<UserChange>,
) -> Result<Json<UserRow>> {
    let by = (member.author(), Some(member.power()));
    let person = people::update_person(&member.tenant, &id, body.read()?, by, auth.clock().system_time()).await?;
    let reach = member.reach;
    let brands = member.tenant.db().read(move |conn| brands_within(conn, &reach)).await?;
    Ok(Json(row(person, &brands)))
}

/// Removes a person.
#[utoipa::path(delete, path = "/api/users/{id}", tag = "users", params(("id" = String, Path)), responses(
    (status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn remove(State(auth): State<Auth>, member: Member, Path(id): Path<String>) -> Result<StatusCode> {
    let by = (member.author(), Some(member.power()));
    people::remove_person((auth.tenants(), &member.tenant), &id, by, auth.clock().system_time()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends every session of a person, as when a phone was lost.
#[utoipa::path(delete, path = "/api/users/{id}/sessions", tag = "users", params(("id" = String, Path)), responses(
    (status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn sign_out(State(auth): State<Auth>, member: Member, Path(id): Path<String>) -> Result<StatusCode> {
    let by = (member.author(), Some(member.power()));
    people::sign_out_person(&member.tenant, &id, by, auth.clock().system_time()).await?;
    Ok(StatusCode::NO_CONTENT)
}
