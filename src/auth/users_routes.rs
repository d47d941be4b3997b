//! A tenant's people over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::member::Member;
use super::people::{self, NewPerson, Person, PersonChange, State as PersonState};
use super::permission::Role;
use super::session::Auth;
use crate::error::Result;
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
}

impl From<Person> for UserRow {
    fn from(person: Person) -> Self {
        let (user, state, last_login_at) = (person.user, person.state, person.last_login_at);
        Self { id: user.id, email: user.email, name: user.name, role: user.role, state, last_login_at }
    }
}

/// Everybody of the tenant.
#[utoipa::path(get, path = "/api/users", tag = "users", responses(
    (status = 200, body = Users), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn list(member: Member) -> Result<Json<Users>> {
    let people = people::list_people(&member.tenant).await?;
    Ok(Json(Users { users: people.into_iter().map(UserRow::from).collect() }))
}

/// Adds a person.
#[utoipa::path(post, path = "/api/users", tag = "users", request_body = NewUser, responses(
    (status = 201, body = UserRow), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(auth): State<Auth>,
    member: Member,
    Json(body): Json<NewUser>,
) -> Result<(StatusCode, Json<UserRow>)> {
    let new = NewPerson::parse(&body.email, &body.name, body.role, body.password)?;
    let by = (member.author(), Some(member.user.role));
    let user = people::create_person((auth.tenants(), &member.tenant), new, by, auth.clock().system_time()).await?;
    let person = Person { user, state: PersonState::Active, last_login_at: None };
    Ok((StatusCode::CREATED, Json(person.into())))
}

/// Changes a person. Another role, state or password signs the person out everywhere.
#[utoipa::path(patch, path = "/api/users/{id}", tag = "users", params(("id" = String, Path)), request_body = UserChange, responses(
    (status = 200, body = UserRow), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn update(
    State(auth): State<Auth>,
    member: Member,
    Path(id): Path<String>,
    Json(body): Json<UserChange>,
) -> Result<Json<UserRow>> {
    let change = PersonChange { name: body.name, role: body.role, state: body.state, password: body.password };
    let by = (member.author(), Some(member.user.role));
    let person = people::update_person(&member.tenant, &id, change, by, auth.clock().system_time()).await?;
    Ok(Json(person.into()))
}

/// Removes a person.
#[utoipa::path(delete, path = "/api/users/{id}", tag = "users", params(("id" = String, Path)), responses(
    (status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn remove(State(auth): State<Auth>, member: Member, Path(id): Path<String>) -> Result<StatusCode> {
    let by = (member.author(), Some(member.user.role));
    people::remove_person((auth.tenants(), &member.tenant), &id, by, auth.clock().system_time()).await?;
    Ok(StatusCode::NO_CONTENT)
}
