//! `brand …`.

use serde_json::{Value, json};

use super::{author, listed, missing, said, tenant_of};
use crate::app::App;
use crate::auth::Reach;
use crate::brands::{self, Brand, NewBrand};
use crate::cli::command::{self, Outcome};
use crate::commerce::demo;
use crate::error::{Error, Result};
use crate::tenants::Tenant;

pub(super) async fn add(app: &App, tenant: &str, new: command::NewBrand) -> Result<Outcome> {
    let tenant = tenant_of(app, tenant).await?;
    let parsed = NewBrand::parse(&new.name, Some(&new.slug), &new.currency, &new.timezone, Some(new.week_start))?;
    let now = app.clock.system_time();
    let made = tenant.db().write(move |tx| {
        let brand = brands::create(tx, &parsed, now)?;
        author().tell(tx, now, "brand.created", &format!("brand:{}", brand.uid), json!({ "slug": brand.slug }))?;
        Ok(brand)
    });
    let brand = made.await?;
    let text =
        format!("Added brand {0}. Next: pulsepoint import --tenant {1} --brand {0} …", brand.slug, tenant.slug());
    said(text, shown(&brand))
}

pub(super) async fn list(app: &App, tenant: &str) -> Result<Outcome> {
    let tenant = tenant_of(app, tenant).await?;
    let brands = tenant.db().read(brands::list).await?;
    let text = |brand: &Brand| {
        vec![brand.slug.clone(), brand.name.clone(), brand.currency.code().to_owned(), brand.timezone_name.clone()]
    };
    let rows: Vec<Vec<String>> = brands.iter().map(text).collect();
    let none = format!("{} has no brand yet. Next: pulsepoint brand add <slug> --tenant {0} …", tenant.slug());
    let shown: Vec<Value> = brands.iter().map(shown).collect();
    listed(&["slug", "name", "currency", "time zone"], &rows, &none, json!({ "brands": shown }))
}

pub(super) async fn remove_demo(app: &App, tenant: &str, slug: &str) -> Result<Outcome> {
    let tenant = tenant_of(app, tenant).await?;
    let brand = brand_of(&tenant, slug).await?;
    demo::remove(&tenant, &brand.uid, author(), app.clock.system_time()).await?;
    said(format!("Removed the demo's data: brand {slug} is empty now."), json!({ "removed": slug }))
}

/// The brand of a slug, or a sentence that says how to find it.
pub(super) async fn brand_of(tenant: &Tenant, slug: &str) -> Result<Brand> {
    let wanted = slug.to_owned();
    match tenant.db().read(move |conn| brands::get(conn, &Reach::All, &wanted)).await {
        Err(Error::NotFound) => {
            let of = tenant.slug();
            Err(missing(format!("{of} has no brand \"{slug}\": see `pulsepoint brand list --tenant {of}`")))
        }
        found => found,
    }
}

fn shown(brand: &Brand) -> Value {
    json!({
        "id": brand.uid, "slug": brand.slug, "name": brand.name, "currency": brand.currency.code(),
        "timezone": brand.timezone_name, "week_start": brand.week_start, "demo": brand.demo,
    })
}
