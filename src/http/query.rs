//! Strict query strings and path segments: an unknown or repeated key is told, a path that cannot be is simply not there.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::json::mistyped;
use crate::error::{Error, Result};

/// The query string. A key may repeat where its field is a list.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parse(parts.uri.query().unwrap_or("")).map(Self)
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T> {
    let reader = serde_html_form::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let path = error.path().to_string();
        mistyped(&path, &error.into_inner().to_string())
    })
}

/// The parameters of the path, in order. What cannot be one (broken UTF-8, a NUL) is not there: 404.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let raw = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Error::NotFound)?;
        if raw.iter().any(|(_, value)| value.contains('\0')) {
            return Err(Error::NotFound);
        }
        let found = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        found.map(|path| Self(path.0)).map_err(|_| Error::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Debug, Default, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Asked {
        range: Option<String>,
        limit: Option<u32>,
        f: Vec<String>,
    }

    fn field(query: &str) -> Option<String> {
        match parse::<Asked>(query) {
            Err(Error::Invalid { field, .. }) => field,
            other => panic!("{query}: {other:?}"),
        }
    }

    #[test]
    fn reads_lists_and_scalars() {
        let asked: Asked = parse("range=7d&f=a%3Aeq%3Ab&f=c&limit=5").unwrap();
        assert_eq!(asked, Asked { range: Some("7d".into()), limit: Some(5), f: vec!["a:eq:b".into(), "c".into()] });
        assert_eq!(parse::<Asked>("").unwrap(), Asked::default());
    }

    #[test]
    fn names_the_key_at_fault() {
        assert_eq!(field("rnage=7d").as_deref(), Some("rnage"));
        assert_eq!(field("limit=-1").as_deref(), Some("limit"));
        assert_eq!(field("range=1d&range=2d").as_deref(), Some("range"));
    }
}
