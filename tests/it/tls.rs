//! TLS with a certificate of one's own, spoken by real clients: versions, protocols, what the encrypted side says, what comes without
//! it, files that are wrong, files that change under load, handshakes that never end.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use pulsepoint::clock::Clock;
use pulsepoint::http::Settings;
use pulsepoint::outgoing::{self, Allowed, Failed};
use pulsepoint::tls::{MinVersion, Mode, Tls, look};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::rustls::{ProtocolVersion, version};

use crate::support::app::PASSWORD;
use crate::support::tls::{Client, der, pair, pair_until, shown, write};
use crate::support::wire::{quick, read_answer, read_to_close, serve_tls};

const GET: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn now() -> jiff::Timestamp {
    Clock::system().system_time()
}

#[tokio::test]
async fn both_http_versions_are_spoken_over_tls_1_3() {
    let running = serve_tls(quick(), |_| {}).await;
    let root = running.root.clone().unwrap();
    let mut one = Client::trusting(&[&root]).connect(running.address).await.unwrap();
    assert_eq!(one.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
    assert_eq!(one.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    one.write_all(GET).await.unwrap();
    let answer = read_answer(&mut one).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age=31536000"), "{answer}");

    let two = Client { alpn: "h2", ..Client::trusting(&[&root]) }.connect(running.address).await.unwrap();
    assert_eq!(two.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(two)).await.unwrap();
    let connection = tokio::spawn(connection);
    for _ in 0..3 {
        let request = http::Request::get("https://localhost/healthz").body(String::new()).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.headers().contains_key("strict-transport-security"));
    }
    connection.abort();
    let alien = Client { alpn: "imap", ..Client::trusting(&[&root]) }.connect(running.address).await;
    assert!(alien.is_err(), "a protocol we do not speak");
    assert!(Client::trusting(&[&pair().0]).connect(running.address).await.is_err(), "another's root");
}

#[tokio::test]
async fn older_versions_only_by_setting() {
    let strict = serve_tls(quick(), |_| {}).await;
    let lenient = serve_tls(quick(), |tls| tls.min_version = MinVersion::Tls12).await;
    for (running, spoken) in [(&strict, None), (&lenient, Some(ProtocolVersion::TLSv1_2))] {
        let root = running.root.clone().unwrap();
        let old = Client { versions: vec![&version::TLS12], ..Client::trusting(&[&root]) };
        let came = old.connect(running.address).await;
        assert_eq!(came.ok().and_then(|stream| stream.get_ref().1.protocol_version()), spoken);
        let newest = Client::trusting(&[&root]).connect(running.address).await.unwrap();
        assert_eq!(newest.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_3), "the newest is preferred");
        // A hello of TLS 1.0 with a cipher of its time: no client library speaks it any more.
        let mut hello = vec![0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 1];
        hello.extend([7; 32]);
        hello.extend([0, 0, 2, 0, 0x2f, 1, 0]);
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(&hello).await.unwrap();
        let answer = read_to_close(&mut stream).await.into_bytes();
        assert_eq!(answer.first(), Some(&0x15), "an alert and nothing else: {answer:?}");
    }
}

#[tokio::test]
async fn without_tls_pages_are_led_on_and_the_api_refuses() {
    let running = serve_tls(quick(), |_| {}).await;
    let port = running.address.port();
    let plain = |request: &str| {
        let (running, request) = (&running, request.replace("$", "HTTP/1.1\r\nConnection: close\r\n"));
        async move {
            let mut stream = running.connect_plain().await;
            stream.write_all(request.as_bytes()).await.unwrap();
            read_to_close(&mut stream).await.to_lowercase()
        }
    };
    for (request, to) in [
        ("GET / $Host: shop.example:80\r\n\r\n", format!("https://shop.example:{port}/")),
        ("HEAD /b/acme?range=7d $Host: [::1]:80\r\n\r\n", format!("https://[::1]:{port}/b/acme?range=7d")),
        ("GET /elsewhere $Host: x\r\nAccept: text/html\r\n\r\n", format!("https://x:{port}/elsewhere")),
    ] {
        let answer = plain(request).await;
        assert!(answer.starts_with("http/1.1 308"), "{request}: {answer}");
        assert!(answer.contains(&format!("location: {to}\r\n")), "{request}: {answer}");
        assert!(!answer.contains("strict-transport-security"), "{answer}");
    }
    for request in [
        "GET /api/brands $Host: x\r\nAuthorization: Bearer pp_x\r\n\r\n",
        "POST /api/auth/login $Host: x\r\nContent-Length: 0\r\n\r\n",
        "POST / $Host: x\r\nContent-Length: 0\r\n\r\n",
        "GET /api/setup $Host: x\r\nAccept: text/html\r\n\r\n",
        "GET / $Host: user@evil.example\r\n\r\n",
        "GET /healthz $Host: x\r\n\r\n",
    ] {
        let answer = plain(request).await;
        assert!(answer.starts_with("http/1.1 400") && !answer.contains("\nlocation:"), "{request}: {answer}");
        assert!(!answer.contains("set-cookie") && !answer.contains("strict-transport"), "{request}: {answer}");
        if !request.contains('@') {
            assert!(answer.contains("\"code\":\"https_required\""), "{request}: {answer}");
        }
    }
}

#[tokio::test]
async fn cookies_over_tls_say_that_they_are_secure() {
    let running = serve_tls(quick(), |_| {}).await;
    running.app.shop("juniper-oak").await;
    let body = format!("{{\"email\":\"owner@juniper-oak.example\",\"password\":\"{PASSWORD}\"}}");
    let head =
        "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close";
    let answer = running.exchange(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
    let cookie = answer.lines().find(|line| line.starts_with("set-cookie: ")).unwrap_or_else(|| panic!("{answer}"));
    assert!(cookie.contains("; Secure") && cookie.contains("; HttpOnly"), "{cookie}");
}

#[test]
fn files_that_cannot_be_served_are_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (pair(), pair());
    let mut settings = write(folder.path(), &one);
    let start = |settings: &_| Tls::start(settings, folder.path(), [127, 0, 0, 1].into(), now());
    assert!(start(&settings).unwrap().is_on());
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n".to_owned();
    let cut = format!("{}\n", &one.0[..one.0.len() / 2]);
    let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned();
    for (pair, word) in [
        ((one.0.clone(), other.1.clone()), "not that of the first certificate"),
        ((one.1.clone(), one.1.clone()), "no BEGIN CERTIFICATE"),
        ((one.0.clone(), one.0.clone()), "holds no private key"),
        ((one.0.clone(), locked), "passphrase"),
        ((cut, one.1.clone()), "not sound PEM"),
        ((nonsense, one.1.clone()), "not a certificate"),
        ((String::new(), String::new()), "no BEGIN CERTIFICATE"),
    ] {
        write(folder.path(), &pair);
        let said = start(&settings).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains(word) && said.contains("server."), "{word}: {said}");
        assert!(look(&settings, folder.path()).is_err(), "{word}: those who only look are told too");
        assert!(!said.contains(one.1.lines().nth(1).unwrap()), "no key in the text");
    }
    write(folder.path(), &one);
    std::fs::set_permissions(&settings.key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(start(&settings).err().unwrap().to_string().contains("chmod 600"));
    settings.key = folder.path().join("missing.key");
    assert!(start(&settings).err().unwrap().to_string().contains("cannot be read"));
    settings.key = Default::default();
    assert!(start(&settings).err().unwrap().to_string().contains("tls.key"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_changes_under_load_and_nobody_notices() {
    let running = serve_tls(quick(), |_| {}).await;
    let (first, second) = (running.root.clone().unwrap(), pair());
    let client = Arc::new(Client::trusting(&[&first, &second.0]));
    let (done, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let address = running.address;
    let load: Vec<_> = (0..8)
        .map(|n| {
            let (client, done, asked) = (client.clone(), done.clone(), asked.clone());
            tokio::spawn(async move {
                let mut stream = client.connect(address).await.unwrap();
                while !done.load(Relaxed) {
                    // Half of them keep their connection, half make a new one each time.
                    if n % 2 == 0 {
                        stream = client.connect(address).await.unwrap();
                    }
                    stream.write_all(GET).await.unwrap();
                    assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200"));
                    asked.fetch_add(1, Relaxed);
                }
            })
        })
        .collect();
    let after = async |more: usize| {
        let wanted = asked.load(Relaxed) + more;
        while asked.load(Relaxed) < wanted {
            assert!(!load.iter().any(tokio::task::JoinHandle::is_finished), "a request failed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let leaf = async || shown(&client.connect(address).await.unwrap());
    after(50).await;
    let folder: &Path = running.app.folder();
    // As a client of ACME would: one file, then the other. Between the two the old pair stays.
    std::fs::write(folder.join("server.pem"), &second.0).unwrap();
    assert!(running.tls.refresh(now()).is_err(), "a pair that does not match is told");
    assert!(!running.tls.refresh(now()).unwrap(), "but only once");
    assert_eq!(leaf().await, der(&first));
    std::fs::write(folder.join("server.key"), &second.1).unwrap();
    assert!(running.tls.refresh(now()).unwrap());
    assert!(!running.tls.refresh(now()).unwrap(), "nothing has changed since");
    assert_eq!(leaf().await, der(&second.0));
    after(50).await;
    for broken in [(String::new(), String::new()), pair_until(2021)] {
        write(folder, &broken);
        assert!(running.tls.refresh(now()).is_err());
        assert_eq!(leaf().await, der(&second.0), "the old one stays");
    }
    after(50).await;
    done.store(true, Relaxed);
    for task in load {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handshakes_that_never_end_hold_nobody_up() {
    let running = serve_tls(Settings { max_connections: 110, ..quick() }, |_| {}).await;
    let hello = [0x16, 3, 1, 2, 0, 1];
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut stream = running.connect_plain().await;
        stream.write_all(&hello).await.unwrap();
        slow.push(stream);
    }
    // There are places left: it is answered while they hang.
    let answer = async || {
        let mut stream = running.connect().await;
        stream.write_all(GET).await.unwrap();
        read_answer(&mut stream).await
    };
    assert!(answer().await.starts_with("HTTP/1.1 200"));
    // One more hello of a byte a time does not buy more time, and beyond the cap one waits until they are let go.
    for _ in 0..20 {
        let mut stream = running.connect_plain().await;
        stream.write_all(&hello[..1]).await.unwrap();
        slow.push(stream);
    }
    assert!(answer().await.starts_with("HTTP/1.1 200"));
    for mut stream in slow {
        read_to_close(&mut stream).await;
    }
    // Neither does a client that is silent after its handshake, or drips its head.
    let mut partial = running.connect().await;
    partial.write_all(b"GET /healthz HTTP/1.1\r\nX: ").await.unwrap();
    read_to_close(&mut partial).await;
    assert!(answer().await.starts_with("HTTP/1.1 200"));
}

#[test]
fn an_authority_of_ones_own_renews_its_leaf_and_keeps_its_root() {
    let folder = tempfile::tempdir().unwrap();
    let settings = pulsepoint::tls::Settings { mode: Mode::Auto, ..Default::default() };
    let start = |settings: &_, at| Tls::start(settings, folder.path(), [192, 0, 2, 7].into(), at).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.path().join("tls").join(name)).unwrap();
    let days = |n: i64| now() + jiff::SignedDuration::from_hours(24 * n);
    let tls = start(&settings, now());
    let (root, leaf) = (tls.root().unwrap(), read("leaf.pem"));
    for file in ["root.key", "root.pem", "leaf.key", "leaf.pem"] {
        let mode = std::fs::metadata(folder.path().join("tls").join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    assert!(!tls.refresh(days(50)).unwrap(), "it is good for long enough");
    assert!(tls.refresh(days(70)).unwrap());
    let renewed = read("leaf.pem");
    assert_ne!(renewed, leaf);
    assert!(tls.about().unwrap().not_after > days(150));
    assert_eq!(start(&settings, days(80)).root().unwrap().pem, root.pem);
    assert_eq!(read("leaf.pem"), renewed, "a start makes no new one without need");
    let named = pulsepoint::tls::Settings { names: vec!["shop.internal".to_owned()], ..settings.clone() };
    start(&named, days(80));
    assert_ne!(read("leaf.pem"), renewed, "a new name needs a new leaf");
    std::fs::remove_file(folder.path().join("tls/leaf.key")).unwrap();
    assert_eq!(start(&settings, now()).root().unwrap().fingerprint, root.fingerprint);
    let bad = pulsepoint::tls::Settings { names: vec!["no name".to_owned()], ..settings.clone() };
    assert!(Tls::start(&bad, folder.path(), [127, 0, 0, 1].into(), now()).is_err());
    assert_ne!(start(&settings, days(3640)).root().unwrap().pem, root.pem, "a root that ends is made anew");
}

/// A server whose certificate nobody vouches for is not asked anything: not by us either.
#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_not_talked_to() {
    let running = serve_tls(quick(), |_| {}).await;
    let url = url::Url::parse(&format!("https://127.0.0.1:{}/healthz", running.address.port())).unwrap();
    let allowed = Allowed::by(&url).unwrap();
    let asked = http::Request::get(url.as_str()).body(b"secret".to_vec()).unwrap();
    let refused = outgoing::send(asked, &allowed).await;
    assert!(matches!(&refused, Err(Failed::Unreached(_, why)) if why.contains("certificate")), "{refused:?}");
    // The same server answers whoever trusts it.
    let mut trusting = Client::trusting(&[&running.root.clone().unwrap()]).connect(running.address).await.unwrap();
    trusting.write_all(GET).await.unwrap();
    assert!(read_answer(&mut trusting).await.starts_with("HTTP/1.1 200"));
}
