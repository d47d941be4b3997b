//! Certificates made for a test, and a real TLS client that trusts them.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pulsepoint::tls::Settings;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};

/// A certificate for `localhost` and 127.0.0.1 that is its own root, as PEM, and its key.
pub fn pair() -> (String, String) {
    pair_until(2060)
}

/// The same, good until the beginning of a year.
pub fn pair_until(year: i32) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(year, 1, 1));
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

/// Writes a pair as a server expects it; the settings that name it.
pub fn write(folder: &Path, (certificate, key): &(String, String)) -> Settings {
    let paths: (PathBuf, PathBuf) = (folder.join("server.pem"), folder.join("server.key"));
    std::fs::write(&paths.1, key).unwrap();
    std::fs::set_permissions(&paths.1, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&paths.0, certificate).unwrap();
    Settings { certificate: paths.0, key: paths.1, ..Settings::default() }
}

/// What a client is like.
pub struct Client {
    pub roots: Vec<String>,
    pub versions: Vec<&'static SupportedProtocolVersion>,
    pub alpn: &'static str,
    /// The name it connects under.
    pub name: &'static str,
}

impl Client {
    /// One that speaks HTTP/1.1 over any version, and trusts these roots.
    pub fn trusting(roots: &[&str]) -> Self {
        let roots = roots.iter().map(|root| (*root).to_owned()).collect();
        Self { roots, versions: vec![&version::TLS13, &version::TLS12], alpn: "http/1.1", name: "localhost" }
    }

    /// Connects, and checks the certificate.
    pub async fn connect(&self, address: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        for pem in &self.roots {
            roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
        }
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&self.versions).unwrap();
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![self.alpn.as_bytes().to_vec()];
        let stream = TcpStream::connect(address).await?;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(self.name).unwrap(), stream).await
    }
}

/// The leaf that a server showed, as PEM would hold it.
pub fn shown(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

/// The first certificate of a PEM text.
pub fn der(pem: &str) -> Vec<u8> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}
