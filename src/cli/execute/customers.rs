//! `customer …`: also of a closed tenant, for its customers' rights do not rest.

use serde_json::json;

use super::{author, brands, said, tenants};
use crate::app::App;
use crate::auth::Reach;
use crate::cli::command::{Customer, Outcome};
use crate::error::Result;
use crate::privacy::{Asked, Receipt};
use crate::tenants::Tenant;

pub(super) async fn export(app: &App, of: Customer) -> Result<Outcome> {
    let (tenant, asked) = asked(app, of).await?;
    let kept = app.privacy.export(&tenant, asked, Reach::All, author()).await?;
    let json = json!(kept);
    said(format!("{json:#}"), json)
}

pub(super) async fn erase(app: &App, of: Customer) -> Result<Outcome> {
    let (tenant, asked) = asked(app, of).await?;
    let receipt = app.privacy.erase(&tenant, asked, Reach::All, author()).await?;
    said(sentences(&receipt), receipt)
}

async fn asked(app: &App, of: Customer) -> Result<(Tenant, Asked)> {
    let asked = Asked::parse(of.email.as_deref(), of.id.as_deref(), of.brand.clone())?;
    let tenant = app.tenants.open_even_closed(&tenants::id_of(app, &of.tenant).await?).await?;
    if let Some(brand) = &of.brand {
        // A sentence that says how to find it.
        brands::brand_of(&tenant, brand).await?;
    }
    Ok((tenant, asked))
}

fn sentences(receipt: &Receipt) -> String {
    let removed = &receipt.removed;
    let until = receipt.backups_until.map_or_else(String::new, |at| format!(" Until: {at:.0}."));
    format!(
        "Erased (receipt {}): {} orders and {} refunds have no customer now, {} refused rows and {} imports were blanked. \
         Figures did not change; --json says what stays and why.\n{}{until}",
        receipt.id, removed.orders, removed.refunds, removed.import_rejects, removed.imports, receipt.backups
    )
}
