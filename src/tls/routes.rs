//! The root certificate of `--tls auto`, and how to trust it. Public: a root certificate is no secret, and whoever needs it cannot
//! sign in safely before they have it.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::{Root, Tls};
use crate::error::{Error, Result};

/// How to trust this server's certificate.
#[utoipa::path(get, path = "/trust", tag = "operation", security(()), responses(
    (status = 200, content_type = "text/plain", body = String),
    (status = 404, content_type = "application/problem+json", description = "The certificate is not of this server's own authority.", body = crate::http::Problem)))]
pub async fn how_to_trust(State(tls): State<Tls>) -> Result<Response> {
    let Root { fingerprint, .. } = tls.root().ok_or(Error::NotFound)?;
    let text = format!(
        "This Pulsepoint encrypts with a certificate that it signed itself. Browsers warn of it until they trust its root.\n\n\
         1. Download /trust/root.crt from this address.\n\
         2. Compare its SHA-256 fingerprint with the one that the server's log shows at its start. Ask whoever runs the\n   \
         server for it; do not go by this page, which an attacker could have written.\n\n   {fingerprint}\n\n\
         3. Add the file to the roots you trust:\n   \
         Windows   open it, Install Certificate, Current User, Trusted Root Certification Authorities\n   \
         macOS     open it in Keychain Access, then set Trust to Always Trust\n   \
         iOS       open it, install the profile, then Settings, General, About, Certificate Trust Settings\n   \
         Android   Settings, Security, Encryption and credentials, Install a certificate, CA certificate\n   \
         Linux     sudo cp root.crt /usr/local/share/ca-certificates/pulsepoint.crt && sudo update-ca-certificates\n   \
         Firefox   Settings, Privacy and Security, View Certificates, Authorities, Import\n   \
         curl      curl --cacert root.crt https://...\n\n\
         Whoever holds the root's key, a file in the data folder, could pose as any site to you. Trust it only if you trust\n\
         the machine, and remove it when you no longer use this server.\n"
    );
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

/// The root certificate that signed this server's own, as PEM.
#[utoipa::path(get, path = "/trust/root.crt", tag = "operation", security(()), responses(
    (status = 200, content_type = "application/x-x509-ca-cert", body = String),
    (status = 404, content_type = "application/problem+json", description = "The certificate is not of this server's own authority.", body = crate::http::Problem)))]
pub async fn root_certificate(State(tls): State<Tls>) -> Result<Response> {
    let root = tls.root().ok_or(Error::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, "application/x-x509-ca-cert"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"pulsepoint-root.crt\""),
    ];
    Ok((headers, root.pem).into_response())
}
