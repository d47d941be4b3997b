//! Commands beside a server and the server as a process: one line when ready, the lock, the control socket, signals.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::binary::Home;

async fn post(url: &str, body: Value) -> (u16, Value) {
    let answer = crate::support::client::client().post(url).json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
}

#[tokio::test]
async fn says_one_line_when_ready_and_stops_politely() {
    for signal in [Signal::TERM, Signal::INT] {
        let home = Home::new();
        let server = home.serve(&[]);
        assert!(crate::support::client::get(format!("{}/readyz", server.url)).await.unwrap().status().is_success());
        let url = server.url.clone();
        let (status, out, err) = server.stop(signal);
        assert_eq!(status.code(), Some(0), "{err}");
        assert_eq!(out, format!("listening on {url}\n"), "nothing else goes to standard output");
        assert!(!home.data().join("control.sock").exists());
    }
}

#[test]
fn a_second_process_is_refused_with_the_pid_of_the_first() {
    let home = Home::new();
    let server = home.serve(&[]);
    let said = home.run(&["serve", "--listen", "127.0.0.1:0"]).failed(1);
    assert!(said.contains(&format!("process {}", server.pid())), "{said}");
    let listen = server.url.trim_start_matches("http://").to_owned();
    let elsewhere = home.path().join("elsewhere");
    let said = home.run(&["serve", "--listen", &listen, "--data", elsewhere.to_str().unwrap()]).failed(1);
    assert!(said.contains(&listen) && said.contains("--listen"), "{said}");
}

#[tokio::test]
async fn commands_reach_the_running_server() {
    let home = Home::new();
    let server = home.serve(&[]);
    let mode = std::fs::metadata(home.data().join("control.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    home.run(&["tenant", "add", "acme"]).ok();
    home.run(&["brand", "add", "acme", "--tenant", "acme", "--currency", "EUR", "--timezone", "Europe/Berlin"]).ok();
    let add = ["user", "add", "ada@acme.example", "--tenant", "acme", "--role", "owner"];
    home.run_with(&add, "correct horse battery\n").ok();
    let login = format!("{}/api/auth/login", server.url);
    let right = json!({ "email": "ada@acme.example", "password": "correct horse battery" });
    assert_eq!(post(&login, right.clone()).await.0, 200);
    home.run_with(&["user", "password", "ada@acme.example"], "quite another password\n").ok();
    assert_eq!(post(&login, right).await.0, 401);
    assert!(home.run(&["tenant", "add", "acme"]).failed(1).contains("already"));
    let listed = home.run(&["tenant", "list", "--json"]).ok().json();
    assert_eq!(listed["tenants"][0]["slug"], "acme");
    home.run(&["warehouse", "rebuild"]).ok();
}

#[test]
fn the_doctor_asks_the_running_server() {
    let home = Home::new();
    let server = home.serve(&[]);
    home.run(&["tenant", "add", "acme"]).ok();
    let mut command = home.command(&["doctor", "--json"]);
    command.env("PULSEPOINT_LISTEN", server.url.trim_start_matches("http://"));
    let json = crate::support::binary::finish(command).ok().json();
    assert_eq!(json["server"]["pid"], server.pid());
    let jobs = json["server"]["jobs"].as_array().unwrap();
    assert!(!jobs.is_empty() && jobs.iter().all(|job| job["failures"] == 0), "{json}");
}

#[tokio::test]
async fn the_setup_token_of_the_log_sets_the_instance_up() {
    let home = Home::new();
    let server = home.serve(&[]);
    let token = home.run(&["setup-token", "--json"]).ok().json()["token"].as_str().unwrap().to_owned();
    let setup = format!("{}/api/setup", server.url);
    let body = |token: &str| {
        json!({ "token": token, "tenant_name": "Acme", "email": "ada@acme.example", "name": "Ada",
                "password": "correct horse battery" })
    };
    assert_eq!(post(&setup, body("wrong-token-wrong-token-wrong")).await.0, 401);
    assert_eq!(post(&setup, body(&token)).await.0, 201);
    assert!(home.run(&["setup-token"]).failed(1).contains("already"));
    let (_, _, log) = server.stop(Signal::TERM);
    assert!(log.contains(&token), "the log of a first run shows the token: {log}");
    let again = home.serve(&[]);
    let (_, _, log) = again.stop(Signal::TERM);
    assert!(!log.contains("setup token"), "an instance that is set up shows none: {log}");
}

#[test]
fn a_server_that_was_killed_leaves_nothing_in_the_way() {
    let home = Home::new();
    home.run(&["tenant", "add", "acme"]).ok();
    let (status, ..) = home.serve(&[]).stop(Signal::KILL);
    assert_eq!(status.code(), None);
    assert!(home.data().join("control.sock").exists());
    assert!(home.run(&["tenant", "list"]).ok().out.contains("acme"), "a dead socket is no server");
    let (status, ..) = home.serve(&[]).stop(Signal::TERM);
    assert_eq!(status.code(), Some(0));
}

/// Whoever started it may be gone with the pipes that it writes to, as when a terminal or a supervisor dies.
#[tokio::test]
async fn a_server_whose_log_nobody_reads_any_more_goes_on_and_stops_politely() {
    let home = Home::new();
    home.run(&["tenant", "add", "acme", "--name", "Acme"]).ok();
    let mut command = home.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("RUST_LOG", "debug").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let url = lines.find_map(|line| line.strip_prefix("listening on ").map(str::to_owned)).unwrap();
    drop((lines, child.stderr.take()));
    for _ in 0..20 {
        let body = json!({ "email": "nobody@acme.example", "password": "not this one at all" });
        let (status, _) = post(&format!("{url}/api/auth/login"), body).await;
        assert!([401, 429].contains(&status), "{status}");
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > Duration::from_secs(20) {
            child.kill().unwrap();
            panic!("it does not end");
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(status.code(), Some(0));
}
