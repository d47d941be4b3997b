//! Requests of the tests to a server on this machine.

use std::sync::Once;

use reqwest::{Client, ClientBuilder, Response};
use tokio_rustls::rustls::crypto::ring;

/// What makes a client. The library asks for what encrypts even where nothing is.
pub fn builder() -> ClientBuilder {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Another test of the same process may have been quicker.
        let _ = ring::default_provider().install_default();
    });
    Client::builder().no_proxy()
}

/// A client as it comes.
pub fn client() -> Client {
    builder().build().unwrap()
}

/// Asks for one address.
pub async fn get(url: impl reqwest::IntoUrl) -> reqwest::Result<Response> {
    client().get(url).send().await
}
