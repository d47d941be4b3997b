//! The description of every route, put together from what stands at the handlers.

use std::collections::BTreeMap;

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{OpenApi, PathItem};

/// What handlers say, as the whole document: with its title, how one signs in, and a name of its own for every operation. `second` has
/// further addresses of paths.
pub fn described(mut document: OpenApi, second: &BTreeMap<&'static str, String>) -> OpenApi {
    let about = "A brand's own commerce analytics. Decimals are strings, times RFC 3339, days YYYY-MM-DD.";
    document.info.title = "Pulsepoint".to_owned();
    document.info.description = Some(about.to_owned());
    document.info.contact = None;
    document.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().add_security_scheme("bearer", bearer);
    document.paths.paths.values_mut().for_each(|item| name_operations(item, ""));
    for (path, second) in second {
        if let Some(mut item) = document.paths.paths.get(*path).cloned() {
            name_operations(&mut item, "admin");
            document.paths.paths.insert(second.clone(), item);
        }
    }
    document
}

/// Handlers of different features share their names; with what is given before it, or the tag, an operation's name is its own.
fn name_operations(item: &mut PathItem, before: &str) {
    let all = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
    for operation in all.into_iter().flatten() {
        let tag = operation.tags.as_ref().and_then(|tags| tags.first()).map_or("", String::as_str);
        let before = if before.is_empty() { tag } else { before };
        operation.operation_id = operation.operation_id.as_ref().map(|id| format!("{before}_{id}"));
    }
}
