//! TLS of the server as a process: `--tls auto`, certificates reloaded by a signal, what `config check` and `doctor` say.

use std::net::SocketAddr;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncWriteExt;

use crate::support::binary::{Home, Running, finish};
use crate::support::tls::{Client, der, pair, pair_until, shown, write};
use crate::support::wire::read_to_close;

fn address(server: &Running) -> SocketAddr {
    server.url.strip_prefix("https://").unwrap_or_else(|| panic!("{}", server.url)).parse().unwrap()
}

async fn get(client: &Client, address: SocketAddr, path: &str) -> String {
    let mut stream = client.connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    read_to_close(&mut stream).await
}

#[tokio::test]
async fn an_authority_of_its_own_is_told_downloaded_and_kept() {
    let home = Home::new();
    let server = home.serve(&["--tls", "auto"]);
    let kept = std::fs::read_to_string(home.data().join("tls/root.pem")).unwrap();
    let client = Client::trusting(&[&kept]);
    let answer = get(&client, address(&server), "/trust/root.crt").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("application/x-x509-ca-cert"), "{answer}");
    assert!(answer.ends_with(&kept), "{answer}");
    let fingerprint: Vec<String> = {
        use sha2::Digest;
        sha2::Sha256::digest(der(&kept)).iter().map(|byte| format!("{byte:02X}")).collect()
    };
    let fingerprint = fingerprint.join(":");
    let page = get(&client, address(&server), "/trust").await;
    assert!(page.contains(&fingerprint) && page.contains("text/plain"), "{page}");
    let leaf = shown(&client.connect(address(&server)).await.unwrap());
    let (status, _, log) = server.stop(Signal::TERM);
    assert_eq!(status.code(), Some(0));
    assert!(log.contains(&fingerprint) && log.contains("tls/root.pem"), "{log}");

    let again = home.serve(&["--tls", "auto"]);
    assert_eq!(shown(&client.connect(address(&again)).await.unwrap()), leaf, "a restart changes neither root nor leaf");
}

#[tokio::test]
async fn a_hang_up_takes_the_new_files_at_once() {
    let home = Home::new();
    let (first, second) = (pair(), pair());
    let settings = write(&home.path(), &first);
    let file = format!("[tls]\ncertificate = {:?}\nkey = {:?}\n", settings.certificate, settings.key);
    std::fs::write(home.path().join("pulsepoint.toml"), file).unwrap();
    let server = home.serve(&[]);
    let client = Client::trusting(&[&first.0, &second.0]);
    let mut open = client.connect(address(&server)).await.unwrap();
    assert_eq!(shown(&open), der(&first.0));
    write(&home.path(), &second);
    kill_process(Pid::from_raw(i32::try_from(server.pid()).unwrap()).unwrap(), Signal::HUP).unwrap();
    while shown(&client.connect(address(&server)).await.unwrap()) != der(&second.0) {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    open.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    assert!(read_to_close(&mut open).await.starts_with("HTTP/1.1 200"), "who was there stays");
}

#[tokio::test]
async fn a_second_port_leads_to_the_encrypted_one() {
    let home = Home::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = home.command(&["config", "check", "--json"]);
    command.env("PULSEPOINT_TLS_PLAIN_LISTEN", "nowhere");
    assert!(finish(command).failed(1).contains("PULSEPOINT_TLS_PLAIN_LISTEN"));
    std::fs::write(home.path().join("pulsepoint.toml"), format!("[tls]\nplain_listen = \"{free}\"\n")).unwrap();
    let server = home.serve(&["--tls", "auto"]);
    let client = crate::support::client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let page = client.get(format!("http://{free}/login")).send().await.unwrap();
    assert_eq!(page.status(), 308);
    assert_eq!(page.headers()["location"], format!("https://127.0.0.1:{}/login", address(&server).port()).as_str());
    let api = client.get(format!("http://{free}/api/brands")).send().await.unwrap();
    assert_eq!(api.status(), 400);
    assert!(api.text().await.unwrap().contains("https_required"));
}

#[test]
fn config_check_and_the_doctor_look_at_the_files() {
    let home = Home::new();
    let doctor = |word: &str, code| {
        let said = home.run(&["doctor"]);
        let line = said.out.lines().find(|line| line.contains("certificate")).unwrap_or_default().to_owned();
        assert!(line.contains(word) && said.code == code, "{word}: {line} {}", said.code);
    };
    doctor("none", 0);
    let settings = write(&home.path(), &pair());
    let file = format!("[tls]\ncertificate = {:?}\nkey = {:?}\n", settings.certificate, settings.key);
    std::fs::write(home.path().join("pulsepoint.toml"), file).unwrap();
    doctor("good until 2060-01-01", 0);
    let checked = home.run(&["config", "check", "--json"]).ok().json();
    assert_eq!(checked["certificate"]["not_after"], "2060-01-01T00:00:00Z");
    write(&home.path(), &pair_until(2021));
    doctor("ended on 2021-01-01", 1);
    write(&home.path(), &(pair().0, pair().1));
    doctor("not that of the first certificate", 1);
    assert!(home.run(&["config", "check"]).failed(1).contains("not that of the first certificate"));
    let refused = home.run(&["serve", "--listen", "127.0.0.1:0"]).failed(1);
    assert!(refused.contains("not that of the first certificate"), "{refused}");
}
