//! `user …`: an e-mail belongs to one tenant, so it alone names a person.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{author, listed, missing, said, tenant_of};
use crate::app::App;
use crate::auth::links::Made;
use crate::auth::{self, NewInvitation, NewPerson, Person, PersonChange, Role, User};
use crate::cli::command::{self, Outcome, Password};
use crate::error::{Error, Result};
use crate::tenants::Tenant;

pub(super) async fn add(app: &App, tenant: &str, new: command::NewUser) -> Result<Outcome> {
    let tenant = tenant_of(app, tenant).await?;
    let role = role(&new.role)?;
    let person = NewPerson::parse(&new.email, &new.name, role, SecretString::from(new.password))?;
    let now = app.clock.system_time();
    let user = auth::create_person((&app.tenants, &tenant), person, (author(), None), now).await?;
    said(format!("Added {} as {} of {}.", user.email, new.role, tenant.slug()), shown(&user))
}

pub(super) async fn list(app: &App, tenant: &str) -> Result<Outcome> {
    let tenant = tenant_of(app, tenant).await?;
    let people = auth::list_people(&tenant).await?;
    let text = |person: &Person| {
        let last = person.last_login_at.map_or_else(|| "never".to_owned(), |at| format!("{at:.0}"));
        let state = name_of(&person.state);
        vec![person.user.email.clone(), person.user.name.clone(), name_of(&person.user.role), state, last]
    };
    let rows: Vec<Vec<String>> = people.iter().map(text).collect();
    let users: Vec<Value> = people
        .iter()
        .map(|person| {
            let mut user = shown(&person.user);
            user["state"] = json!(person.state);
            user["last_login_at"] = json!(person.last_login_at);
            user
        })
        .collect();
    let none =
        format!("{} has no people yet. Next: pulsepoint user add <email> --tenant {0} --role owner", tenant.slug());
    listed(&["e-mail", "name", "role", "state", "last sign-in"], &rows, &none, json!({ "users": users }))
}

pub(super) async fn set_password(app: &App, email: &str, password: Password) -> Result<Outcome> {
    let change = PersonChange { password: Some(password.into()), ..PersonChange::default() };
    let user = update(app, email, change).await?;
    said(format!("Set the password of {}; every session has ended.", user.email), shown(&user))
}

pub(super) async fn set_role(app: &App, email: &str, name: &str) -> Result<Outcome> {
    let change = PersonChange { role: Some(role(name)?), ..PersonChange::default() };
    let user = update(app, email, change).await?;
    said(format!("{} is {name} now.", user.email), shown(&user))
}

pub(super) async fn remove(app: &App, email: &str) -> Result<Outcome> {
    let (tenant, user) = find(app, email).await?;
    let now = app.clock.system_time();
    auth::remove_person((&app.tenants, &tenant), &user.id, (author(), None), now).await?;
    said(format!("Removed {}.", user.email), json!({ "removed": user.email }))
}

pub(super) async fn invite(
    app: &App,
    tenant: &str,
    email: String,
    role_name: &str,
    brands: Option<Vec<String>>,
) -> Result<Outcome> {
    let tenant = tenant_of(app, tenant).await?;
    let new = NewInvitation { email, role: role(role_name)?, brands };
    let made = auth::invite(&tenant, new, (author(), None), app.clock.system_time()).await?;
    link(&made, "The link is shown this once, good once, and open until")
}

pub(super) async fn reset(app: &App, email: &str) -> Result<Outcome> {
    let (tenant, user) = find(app, email).await?;
    let made = auth::reset_link(&tenant, &user.id, (author(), None), app.clock.system_time()).await?;
    link(&made, "The link to a new password is shown this once, good once, and open until")
}

pub(super) async fn reset_totp(app: &App, email: &str) -> Result<Outcome> {
    let (tenant, user) = find(app, email).await?;
    auth::reset_second_factor(&tenant, &user.id, (author(), None), app.clock.system_time()).await?;
    said(format!("{} signs in without a second factor now.", user.email), shown(&user))
}

/// A command does not know under which address people reach the server: it says what comes behind it.
fn link(made: &Made, words: &str) -> Result<Outcome> {
    let (path, until) = (made.path.expose_secret(), made.expires_at);
    let text = format!(
        "{path}\n\nPut the address of this Pulsepoint before it, as in https://pulsepoint.example{path}.\n{words} {until:.0}."
    );
    said(text, json!({ "link": path, "expires_at": until }))
}

async fn update(app: &App, email: &str, change: PersonChange) -> Result<User> {
    let (tenant, user) = find(app, email).await?;
    let now = app.clock.system_time();
    Ok(auth::update_person(&tenant, &user.id, change, (author(), None), now).await?.user)
}

/// The person of an e-mail, with their tenant.
async fn find(app: &App, email: &str) -> Result<(Tenant, User)> {
    let unknown = || missing(format!("nobody has the e-mail {email}: see `pulsepoint user list --tenant …`"));
    let tenant = app.tenants.by_email(email).await?.ok_or_else(unknown)?;
    let tenant = app.tenants.open(&tenant).await?;
    let wanted = email.trim().to_lowercase();
    let people = auth::list_people(&tenant).await?;
    let person = people.into_iter().find(|person| person.user.email == wanted).ok_or_else(unknown)?;
    Ok((tenant, person.user))
}

fn role(name: &str) -> Result<Role> {
    serde_json::from_value(json!(name)).map_err(|_| {
        Error::invalid("role", format!("\"{name}\" is no role: owner, admin, marketer, analyst, viewer or operator"))
    })
}

/// The name that a role or a state has outside.
fn name_of(value: &impl serde::Serialize) -> String {
    json!(value).as_str().unwrap_or_default().to_owned()
}

fn shown(user: &User) -> Value {
    json!({ "id": user.id, "email": user.email, "name": user.name, "role": user.role })
}
