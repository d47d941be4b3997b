//! A certificate by ACME, fetched from Pebble, the reference server of the protocol (Debian's package `pebble`).

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jiff::SignedDuration;
use pulsepoint::clock::Clock;
use pulsepoint::tls::{Mode, Settings, Tls};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::support::app::TestApp;
use crate::support::tls::{Client, pair, shown};

const NAME: &str = "shop.pulsepoint.test";

/// A name server that knows one address for every name; it ends with the process.
fn names() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut asked = [0; 512];
        while let Ok((size, from)) = socket.recv_from(&mut asked) {
            let question = &asked[..size];
            // The header is 12 bytes; then labels up to an empty one, the type and the class.
            let Some(end) = question.iter().skip(12).position(|byte| *byte == 0).map(|at| 12 + at + 5) else {
                continue;
            };
            let is_address = question[end - 4..end] == [0, 1, 0, 1];
            let mut answer = question[..2].to_vec();
            answer.extend([0x81, 0x80, 0, 1, 0, u8::from(is_address), 0, 0, 0, 0]);
            answer.extend(&question[12..end]);
            if is_address {
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
                answer.extend(Ipv4Addr::LOCALHOST.octets());
            }
            let _ = socket.send_to(&answer, from);
        }
    });
    address
}

struct Pebble {
    child: Child,
    directory: String,
}

impl Drop for Pebble {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Pebble {
    /// One that proves names at this port; none where it is not installed.
    async fn start(folder: &Path, proves_at: u16) -> Option<Self> {
        Command::new("pebble").arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
        let (certificate, key) = pair();
        std::fs::write(folder.join("directory.pem"), certificate).unwrap();
        std::fs::write(folder.join("directory.key"), key).unwrap();
        let names = names();
        loop {
            // Pebble wants to be told its port; one that was free a moment ago may be taken, then it ends and gets another.
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let settings = serde_json::json!({ "pebble": {
                "listenAddress": format!("127.0.0.1:{port}"), "httpPort": 1, "tlsPort": proves_at, "ocspResponderURL": "",
                "certificate": folder.join("directory.pem"), "privateKey": folder.join("directory.key"),
            }});
            std::fs::write(folder.join("pebble.json"), settings.to_string()).unwrap();
            let mut command = Command::new("pebble");
            command.arg("-config").arg(folder.join("pebble.json")).args(["-dnsserver", &names.to_string()]);
            command.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_AUTHZREUSE", "0");
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            loop {
                if TcpStream::connect(("127.0.0.1", port)).await.is_ok() && child.try_wait().unwrap().is_none() {
                    return Some(Self { child, directory: format!("https://localhost:{port}/dir") });
                }
                if child.try_wait().unwrap().is_some() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

fn settings(pebble: &Pebble, folder: &Path) -> Settings {
    Settings {
        mode: Mode::Acme,
        names: vec![NAME.to_owned()],
        acme_directory: pebble.directory.clone(),
        acme_accept_terms: true,
        acme_contact: "owner@pulsepoint.test".to_owned(),
        acme_root: folder.join("directory.pem"),
        ..Settings::default()
    }
}

/// The one file that a folder's certificate lies in.
fn kept(data: &Path, file: &str) -> PathBuf {
    std::fs::read_dir(data.join("tls")).unwrap().next().unwrap().unwrap().path().join(file)
}

/// A connection under the name, which trusts who signed what was fetched last.
async fn connected(address: SocketAddr, data: &Path) -> TlsStream<TcpStream> {
    let pem = std::fs::read_to_string(kept(data, "certificate.pem")).unwrap();
    let blocks: Vec<&str> = pem.split_inclusive("-----END CERTIFICATE-----").collect();
    let signed_by = Client { name: NAME, ..Client::trusting(&[blocks[1]]) };
    signed_by.connect(address).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_fetched_kept_and_renewed_while_requests_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let Some(pebble) = Pebble::start(folder.path(), address.port()).await else {
        eprintln!("skipped: Debian's package pebble is not installed");
        return;
    };
    let (settings, now) = (settings(&pebble, folder.path()), Clock::system().system_time());
    let data = folder.path().join("data");
    let tls = Tls::start(&settings, &data, address.ip(), now).unwrap();
    let app = TestApp::start().await;
    let serving = tokio::spawn(pulsepoint::server::run(
        app.app.clone().with_tls(tls.clone()),
        listener,
        std::future::pending::<()>(),
    ));
    let early = Client { name: NAME, ..Client::trusting(&[&pair().0]) }.connect(address).await;
    assert!(early.is_err(), "the door is open, but nobody vouches for it yet");

    assert!(tls.fetch(now).await.unwrap(), "none is there, so one is fetched");
    let open = connected(address, &data).await;
    let first = shown(&open);
    assert!(!tls.fetch(now).await.unwrap(), "a new one is good for a while");
    let about = tls.about().unwrap();

    let again = Tls::start(&settings, &data, address.ip(), now).unwrap();
    assert_eq!(again.about().unwrap().not_after, about.not_after, "a restart takes what is there");
    assert!(!again.fetch(now).await.unwrap());

    let life = about.not_after.duration_since(about.not_before);
    let late = about.not_after - life / 4;
    assert!(tls.fetch(late).await.unwrap(), "less than a third of its time is left");
    assert_ne!(shown(&connected(address, &data).await), first);
    assert_eq!(shown(&open), first, "open connections keep theirs");
    for file in ["account.json", "certificate.pem"] {
        assert_eq!(std::fs::metadata(kept(&data, file)).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
    }
    serving.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_that_fails_is_told_and_the_authority_left_alone_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody shows a proof where Pebble looks for it.
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let Some(pebble) = Pebble::start(folder.path(), nobody.local_addr().unwrap().port()).await else {
        eprintln!("skipped: Debian's package pebble is not installed");
        return;
    };
    tokio::spawn(async move {
        loop {
            drop(nobody.accept().await);
        }
    });
    let now = Clock::system().system_time();
    let data = folder.path().join("data");
    let tls = Tls::start(&settings(&pebble, folder.path()), &data, Ipv4Addr::LOCALHOST.into(), now).unwrap();
    let said = tls.fetch(now).await.unwrap_err().to_string();
    assert!(said.contains(NAME) && said.contains("tls-alpn-01 challenge") && said.contains("15 minutes"), "{said}");
    assert!(!tls.fetch(now + SignedDuration::from_mins(14)).await.unwrap(), "too soon");
    let said = tls.fetch(now + SignedDuration::from_mins(15)).await.unwrap_err().to_string();
    assert!(said.contains("30 minutes"), "{said}");
    drop(pebble);
    let said = tls.fetch(now + SignedDuration::from_mins(60)).await.unwrap_err().to_string();
    assert!(said.contains("60 minutes"), "no directory either: {said}");
}

#[test]
fn settings_that_no_authority_would_take_are_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let good =
        Settings { mode: Mode::Acme, names: vec![NAME.to_owned()], acme_accept_terms: true, ..Settings::default() };
    let named = |name: &str| Settings { names: vec![name.to_owned()], ..good.clone() };
    for (settings, sentence) in [
        (Settings { names: Vec::new(), ..good.clone() }, "tls.names is empty"),
        (Settings { acme_accept_terms: false, ..good.clone() }, "tls.acme_accept_terms"),
        (named("localhost"), "\"localhost\" is no host name"),
        (named("192.0.2.1"), "\"192.0.2.1\" is no host name"),
        (named("*.pulsepoint.test"), "is no host name"),
        (named("no such name"), "is no host name"),
    ] {
        let refused = Tls::start(&settings, folder.path(), Ipv4Addr::LOCALHOST.into(), Clock::system().system_time());
        let said = refused.map(|_| ()).unwrap_err().to_string();
        assert!(said.contains(sentence), "{said}");
        let looked = pulsepoint::tls::look(&settings, folder.path()).map(|_| ()).unwrap_err().to_string();
        assert!(looked.contains(sentence), "{looked}");
    }
    assert!(!folder.path().join("tls").exists(), "looking changes nothing");
}
