//! `keys` as it is typed: while a server answers people and without one; what is refused; a master key kept elsewhere.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use pulsepoint::clock::Clock;
use pulsepoint::db::Db;
use pulsepoint::secrets::MasterKey;
use pulsepoint::tenants::{Settings, Tenants};
use serde_json::{Value, json};

use crate::cli_backup::{file_of, stocked, text};
use crate::support::binary::{Finished, Home, Running, finish};

const A: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const B: &str = "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf";

fn with(home: &Home, args: &[&str], variables: &[(&str, &str)]) -> Finished {
    let mut command = home.command(args);
    command.envs(variables.iter().copied());
    finish(command)
}

/// One person's work over HTTP: what was asked for and failed, and how many brands were added.
struct Person {
    client: reqwest::Client,
    url: String,
    token: String,
    brand: String,
}

impl Person {
    async fn of(server: &str, tenant: &str) -> Self {
        let client = crate::support::client::client();
        let who = json!({ "email": format!("ada@{tenant}.example"), "password": "correct horse battery" });
        let answer = client.post(format!("{server}/api/auth/login")).json(&who).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let token = answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned();
        Self { client, url: server.to_owned(), token, brand: tenant.to_owned() }
    }

    async fn get(&self, path: &str) -> Result<Value, String> {
        let asked = self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.token).send().await;
        Self::body(path, asked, 200).await
    }

    async fn add(&self, slug: &str) -> Result<Value, String> {
        let body = json!({ "name": slug, "slug": slug, "currency": "EUR", "timezone": "Europe/Berlin" });
        let asked = self.client.post(format!("{}/api/brands", self.url)).bearer_auth(&self.token).json(&body).send();
        Self::body("POST /api/brands", asked.await, 201).await
    }

    async fn body(what: &str, asked: reqwest::Result<reqwest::Response>, right: u16) -> Result<Value, String> {
        let answer = asked.map_err(|error| format!("{what}: {error:?}"))?;
        let (status, body) =
            (answer.status().as_u16(), answer.text().await.map_err(|error| format!("{what}: {error:?}"))?);
        if status != right {
            return Err(format!("{what}: {status} {body}"));
        }
        serde_json::from_str(&body).map_err(|error| format!("{what}: {error}"))
    }

    async fn dashboard(&self) -> Result<Value, String> {
        let path = format!("/api/brands/{}/dashboard?from=2023-01-01&to=2026-11-22", self.brand);
        let mut board = self.get(&path).await?;
        board["freshness"].take();
        Ok(board)
    }
}

/// People at work, three a tenant, until they are told to stop.
struct Crew {
    stop: Arc<AtomicBool>,
    people: Vec<Worker>,
}

/// Adds a brand, lists them and looks at figures, again and again; ends with what failed.
struct Worker {
    tenant: &'static str,
    rounds: Arc<AtomicUsize>,
    work: tokio::task::JoinHandle<Vec<String>>,
}

impl Crew {
    async fn at_work(url: &str, tenants: [&'static str; 2]) -> Self {
        let (stop, mut people) = (Arc::new(AtomicBool::new(false)), Vec::new());
        for (tenant, number) in tenants.into_iter().flat_map(|tenant| (0..3).map(move |number| (tenant, number))) {
            let (person, stop, rounds) = (Person::of(url, tenant).await, stop.clone(), Arc::new(AtomicUsize::new(0)));
            let counted = rounds.clone();
            let work = tokio::spawn(async move {
                let mut failed = Vec::new();
                while !stop.load(Ordering::SeqCst) {
                    let round = counted.load(Ordering::SeqCst);
                    failed.extend(person.add(&format!("b-{number}-{round}")).await.err());
                    failed.extend(person.get("/api/brands").await.err());
                    failed.extend(person.dashboard().await.err());
                    counted.fetch_add(1, Ordering::SeqCst);
                }
                failed
            });
            people.push(Worker { tenant, rounds, work });
        }
        Self { stop, people }
    }

    /// Returns once everybody has done more of it.
    async fn go_on(&self) {
        let more = |worker: &Worker| (worker.rounds.clone(), worker.rounds.load(Ordering::SeqCst) + 2);
        let marks: Vec<_> = self.people.iter().map(more).collect();
        for (rounds, mark) in marks {
            while rounds.load(Ordering::SeqCst) < mark {
                tokio::task::yield_now().await;
            }
        }
    }

    /// How many brands each of them added; nobody was refused anything.
    async fn stop(self) -> Vec<(&'static str, usize)> {
        self.stop.store(true, Ordering::SeqCst);
        let mut added = Vec::new();
        for Worker { tenant, rounds, work } in self.people {
            assert_eq!(work.await.unwrap(), Vec::<String>::new(), "requests failed");
            added.push((tenant, rounds.load(Ordering::SeqCst)));
        }
        added
    }
}

/// Two tenants with orders and an owner each, and a server.
fn two(home: &Home) -> Running {
    std::fs::write(home.path().join("pulsepoint.toml"), "rate_limit_per_minute = 0\n").unwrap();
    let server = home.serve(&[]);
    for tenant in ["acme", "zenith"] {
        stocked(home, tenant);
        let email = format!("ada@{tenant}.example");
        let add = ["user", "add", &email, "--tenant", tenant, "--role", "owner"];
        home.run_with(&add, "correct horse battery\n").ok();
    }
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everything_is_made_anew_while_people_work_and_no_request_fails() {
    let home = Home::new();
    let server = two(&home);
    let made = home.run(&["backup", "--json"]).ok().json();
    let (old, before) = (std::fs::read_to_string(home.data().join("master.key")).unwrap(), heads(&home));
    let mut boards = Vec::new();
    for tenant in ["acme", "zenith"] {
        boards.push((tenant, Person::of(&server.url, tenant).await.dashboard().await.unwrap()));
    }
    let crew = Crew::at_work(&server.url, ["acme", "zenith"]).await;
    crew.go_on().await;
    for _ in 0..2 {
        let run = home.command(&["keys", "rotate", "--json"]);
        let done = tokio::task::spawn_blocking(move || finish(run)).await.unwrap().ok().json();
        assert_eq!(done["ok"], true, "{done}");
        let keys: Vec<_> = done["rotated"].as_array().unwrap().iter().map(|key| key["key"].as_str().unwrap()).collect();
        assert_eq!(keys, ["signing", "tokens", "database", "tokens", "database", "backup", "master"]);
        crew.go_on().await;
    }
    let added = crew.stop().await;
    for (tenant, board) in boards {
        let person = Person::of(&server.url, tenant).await;
        let brands = 1 + added.iter().filter(|(of, _)| *of == tenant).map(|(_, brands)| brands).sum::<usize>();
        assert_eq!(person.get("/api/brands").await.unwrap()["brands"].as_array().unwrap().len(), brands, "{tenant}");
        assert_eq!(person.dashboard().await.unwrap(), board, "{tenant}");
    }
    home.run(&["audit", "verify"]).ok();
    drop(server);

    // The old keys open nothing, the new ones everything.
    let after = heads(&home);
    assert!(before.iter().zip(&after).all(|(before, after)| before != after), "a store is under its old key");
    let refused = with(&home, &["tenant", "list"], &[("PULSEPOINT_MASTER_KEY", &old)]).failed(1);
    assert!(refused.contains("does not open"), "{refused}");
    home.run(&["audit", "verify"]).ok();
    home.run(&["doctor"]).ok();
    let names = std::fs::read_dir(home.data()).unwrap().map(|entry| entry.unwrap().path());
    let kept: Vec<_> = names.filter(|path| text(path).contains("backup-identity.")).collect();
    assert_eq!(kept.len(), 3, "the pair in force and two of before: {kept:?}");
    let archive = file_of(&made, "acme");
    let opens = |path: &Path| home.run(&["backup", "verify", text(&archive), "--identity", text(path)]).code == 0;
    assert_eq!(kept.iter().filter(|path| opens(path)).count(), 1, "the archive of before opens with its own key alone");
}

/// The first bytes of every store, which tell its key.
fn heads(home: &Home) -> Vec<Vec<u8>> {
    stores(home).iter().map(|path| std::fs::read(path).unwrap()[..16].to_vec()).collect()
}

fn stores(home: &Home) -> Vec<std::path::PathBuf> {
    let tenants = std::fs::read_dir(home.data().join("tenants")).unwrap();
    let mut all: Vec<_> = tenants.map(|entry| entry.unwrap().path().join("store.db")).collect();
    all.sort();
    all.push(home.data().join("control.db"));
    all
}

#[test]
fn without_a_server_one_key_of_one_tenant_and_a_list_that_shows_no_key() {
    let home = Home::new();
    stocked(&home, "acme");
    stocked(&home, "zenith");
    let done = home.run(&["keys", "rotate", "database", "--tenant", "acme", "--json"]).ok().json();
    assert_eq!(done["rotated"], json!([{ "key": "database", "tenant": "acme" }]));
    let said = home.run(&["keys", "rotate", "database", "--tenant", "nobody"]).failed(1);
    assert!(said.contains("no tenant \"nobody\""), "{said}");
    let said = home.run(&["keys", "rotate", "master", "--tenant", "acme"]).failed(1);
    assert!(said.contains("leave --tenant out"), "{said}");
    home.run(&["keys", "rotate", "everything"]).failed(2);

    let listed = home.run(&["keys", "list", "--json"]).ok();
    let names: Vec<String> = listed.json()["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| format!("{} {}", key["key"].as_str().unwrap(), key["tenant"].as_str().unwrap_or("-")))
        .collect();
    assert_eq!(names, ["master -", "signing -", "database acme", "tokens acme", "database zenith", "tokens zenith"]);
    assert!(listed.json()["keys"].as_array().unwrap().iter().all(|key| key["age_days"] == 0 && key["old"] == false));
    let (key, shown) =
        (std::fs::read_to_string(home.data().join("master.key")).unwrap(), home.run(&["keys", "list"]).ok().out);
    for out in [&listed.out, &shown] {
        assert!(!out.contains(key.trim()), "it shows a key: {out}");
        let longest = out.split(|c: char| !c.is_ascii_alphanumeric()).map(str::len).max().unwrap();
        assert!(longest < 32, "what is so long? {out}");
    }
}

/// An old key is told of by the doctor, by the log of a start, and by the list.
#[test]
fn an_old_key_is_told_of_by_the_doctor_and_at_the_start() {
    let home = Home::new();
    stocked(&home, "acme");
    let fresh = home.run(&["doctor"]).ok().out;
    assert!(fresh.contains("none older than 90 days"), "{fresh}");
    let (master, _) = MasterKey::load(&home.data(), None, false).unwrap();
    let tenants = Tenants::start(&home.data(), master, Clock::system(), &Settings::default()).unwrap();
    let age = "update tenants set created_at_ms = created_at_ms - 91 * 86400000";
    tenants.control().write_blocking(|tx| Ok(tx.execute_batch(age)?)).unwrap();
    tenants.control().checkpoint().unwrap();
    drop(tenants);
    let said = home.run(&["doctor"]).ok().out;
    assert!(said.contains("database of acme (91 days), tokens of acme (91 days). Make them anew"), "{said}");
    assert!(home.run(&["keys", "list"]).ok().out.contains("old: make it anew"));
    let server = home.serve(&[]);
    // The job ran once the server's own figures say so.
    let ran = || {
        let status = home.run(&["doctor", "--json"]).json();
        let jobs = status["server"]["jobs"].as_array().unwrap().clone();
        jobs.iter().any(|job| job["name"] == "remind of old keys" && job["runs"].as_i64() > Some(0))
    };
    while !ran() {
        std::thread::yield_now();
    }
    let (_, _, log) = server.stop(rustix::process::Signal::TERM);
    assert!(log.contains("keys are older than 90 days: database of acme, tokens of acme"), "{log}");
    home.run(&["keys", "rotate", "tokens"]).ok();
    assert!(home.run(&["doctor"]).ok().out.contains("none older than 90 days"));
}

/// Everything in the data folder that a rotation could have touched.
fn state(home: &Home) -> Vec<Vec<u8>> {
    let mut state = heads(home);
    let mut names: Vec<_> = std::fs::read_dir(home.data()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    state.extend(names.into_iter().map(|name| name.into_encoded_bytes()));
    state.push(std::fs::read(home.data().join("master.key")).unwrap_or_default());
    state
}

#[test]
fn a_master_key_that_will_not_do_is_refused_and_nothing_is_touched() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    stocked(&home, "acme");
    home.run(&["tenant", "list"]).ok();
    let (before, path) = (state(&home), home.data().join("master.key"));
    let own = std::fs::read_to_string(&path).unwrap();
    let refuse = |new: &str, why: &str| {
        for what in ["master", "all"] {
            let said = with(&home, &["keys", "rotate", what], &[("PULSEPOINT_NEW_MASTER_KEY", new)]).failed(1);
            assert!(said.contains(why) && !said.contains(new.trim()), "{said}");
            assert_eq!(state(&home), before, "{new}: something was touched");
        }
    };
    refuse("short", "32 random bytes as 64 hex digits");
    refuse(&A[..62], "32 random bytes as 64 hex digits");
    refuse(&A.replace('0', "z"), "32 random bytes as 64 hex digits");
    refuse(&own, "is the one in use");
    let file = home.path().join("new.key");
    std::fs::write(&file, A).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    let said = home.run(&["keys", "rotate", "master", "--new-key-file", "new.key"]).failed(1);
    assert!(said.contains("can be read by others"), "{said}");
    home.run(&["keys", "rotate", "master", "--new-key-file", "nowhere.key"]).failed(1);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o400)).unwrap();
    let said = home.run(&["keys", "rotate"]).failed(1);
    assert!(said.contains("is read-only") && said.contains("chmod 600"), "{said}");
    assert_eq!(state(&home), before);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    let elsewhere = home.path().join("elsewhere.key");
    std::fs::rename(&path, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    assert!(home.run(&["keys", "rotate"]).failed(1).contains("is a link"));
    assert_eq!(state(&home), before);
    std::fs::remove_file(&path).unwrap();
    std::fs::rename(&elsewhere, &path).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    home.run(&["keys", "rotate", "master", "--new-key-file", "new.key"]).ok();
    assert_eq!(std::fs::read_to_string(&path).unwrap().trim(), A);
    assert_eq!(home.run(&["brand", "list", "--tenant", "acme", "--json"]).ok().json()["brands"][0]["slug"], "acme");
}

#[test]
fn a_master_key_from_the_environment_is_put_there_by_the_operator() {
    let home = Home::new();
    let (old, new, both) = (
        [("PULSEPOINT_MASTER_KEY", A)],
        [("PULSEPOINT_MASTER_KEY", B)],
        [("PULSEPOINT_MASTER_KEY", A), ("PULSEPOINT_NEW_MASTER_KEY", B)],
    );
    with(&home, &["tenant", "add", "acme"], &old).ok();
    let said = with(&home, &["keys", "rotate"], &old).failed(1);
    assert!(said.contains("PULSEPOINT_NEW_MASTER_KEY") && said.contains("openssl rand -hex 32"), "{said}");
    with(&home, &["tenant", "list"], &both).ok();
    with(&home, &["tenant", "list"], &new).failed(1);
    let said = with(&home, &["keys", "rotate", "master"], &both).ok().out;
    assert!(said.contains("Put it into the environment variable PULSEPOINT_MASTER_KEY NOW"), "{said}");
    let said = with(&home, &["tenant", "list"], &old).failed(1);
    assert!(said.contains("it was rotated since"), "{said}");
    assert!(with(&home, &["tenant", "list"], &new).ok().out.contains("acme"));
    // The variables of before still do: the new key is found beside the old one.
    let noted = with(&home, &["tenant", "list"], &both).ok();
    assert!(noted.out.contains("acme") && noted.err.contains("put it in the place of the old one"), "{noted:?}");
    assert!(!home.data().join("master.key").exists() && !home.data().join("master.key.new").exists());
    let (key, _) = MasterKey::load(&home.path(), Some(B.into()), false).unwrap();
    assert!(Db::is_under(&home.data().join("control.db"), &key.derive("control.db")));
}
