//! Backups in a store as they are typed: found by address and by name, on another machine, and no secret in any text.

use pulsepoint::config::BACKUP_SECRET_VARIABLE;

use crate::cli_backup::{file_of, stocked, text};
use crate::support::binary::{Finished, Home, finish};
use crate::support::store::{BUCKET, Fault, KEY_ID, S3, SECRET};

fn configured(store: &S3) -> Home {
    let home = Home::new();
    std::fs::write(home.path().join("pulsepoint.toml"), store.toml(&home.path(), "x")).unwrap();
    home
}

fn says_no_secret(finished: Finished) -> Finished {
    assert!(!finished.out.contains(SECRET) && !finished.err.contains(SECRET), "{finished:?}");
    finished
}

#[test]
fn a_lost_machine_comes_back_out_of_a_store_by_address_and_by_name() {
    let store = S3::start();
    let (home, other) = (configured(&store), configured(&store));
    stocked(&home, "acme");
    stocked(&home, "zenith");
    let made = home.run(&["backup", "--json"]).ok().json();
    let key = other.path().join("identity.txt");
    std::fs::copy(home.data().join("backup-identity.txt"), &key).unwrap();
    let (instance, acme, zenith) = (file_of(&made, "(instance)"), file_of(&made, "acme"), file_of(&made, "zenith"));
    assert!(text(&acme).starts_with(&format!("s3://{BUCKET}/x/")), "{acme:?}");
    let listed = home.run(&["backup", "list", "--json"]).ok().json();
    assert_eq!(listed["backups"].as_array().unwrap().len(), 3, "{listed}");
    let checked = home.run(&["backup", "verify", "--json"]).ok().json();
    assert_eq!((checked["ok"].as_bool(), checked["checked"].as_array().unwrap().len()), (Some(true), 3), "{checked}");
    home.run(&["backup", "verify", text(&acme)]).ok();
    assert!(home.run(&["backup", "--to", "s3://other/x"]).failed(1).contains("--to takes a folder"));
    assert!(home.run(&["backup", "verify", "nowhere.age"]).failed(1).contains("there is no nowhere.age"));
    other.run(&["restore", "--instance", "--from", text(&instance), "--identity", text(&key)]).ok();
    // As the Backups page names it: within the store.
    let name = text(&zenith).strip_prefix(&format!("s3://{BUCKET}/x/")).unwrap();
    let server = other.serve(&[]);
    for (tenant, from) in [("acme", text(&acme)), ("zenith", name)] {
        other.run(&["restore", "--tenant", tenant, "--from", from, "--identity", text(&key)]).ok();
        assert!(other.run(&["brand", "list", "--tenant", tenant]).ok().out.contains("Europe/Berlin"));
    }
    drop(server);
    other.run(&["audit", "verify"]).ok();
    let heads = std::fs::read_dir(store.disk("x")).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    assert!(heads.iter().any(|name| name.to_string_lossy().starts_with("audit-heads-")), "{heads:?}");
}

#[test]
fn no_secret_of_the_store_is_in_any_text_and_a_wrong_one_is_said_to_be() {
    let store = S3::start();
    let home = configured(&store);
    let shown = says_no_secret(home.run(&["config", "check"]).ok()).out;
    assert!(shown.contains(&format!("s3://{BUCKET}/x")) && shown.contains(&store.url()) && shown.contains(KEY_ID));
    let mut command = home.command(&["config", "check", "--json"]);
    command.env(BACKUP_SECRET_VARIABLE, SECRET);
    let shown = says_no_secret(finish(command).ok()).json();
    assert_eq!(shown["backup_secret"]["value"], "hidden", "{shown}");
    stocked(&home, "acme");
    let mut command = home.command(&["backup"]);
    command.env("RUST_LOG", "trace").env(BACKUP_SECRET_VARIABLE, SECRET);
    says_no_secret(finish(command).ok());
    let mut command = home.command(&["backup"]);
    command.env(BACKUP_SECRET_VARIABLE, "another-secret-than-the-right-one");
    let wrong = finish(command);
    assert!(wrong.code == 1 && wrong.out.contains("SignatureDoesNotMatch"), "{wrong:?}");
    assert!(wrong.out.contains("backup.s3.access_key_id") && !wrong.out.contains("another-secret"), "{wrong:?}");
    // A store that repeats in its refusal what it should not.
    store.fail(1000, |_, _| true, Fault::Status(403, "AccessDenied"));
    let refused = says_no_secret(home.run(&["backup"]));
    assert!(refused.code == 1 && refused.out.contains("403 AccessDenied"), "{refused:?}");
    let doctor = says_no_secret(home.run(&["doctor"]));
    assert!(doctor.code == 1 && doctor.out.contains("403 AccessDenied"), "{doctor:?}");
    store.heal();
    assert!(home.run(&["doctor"]).ok().out.contains("answers, and what is there can be listed"));
    let mut files = crate::shipping::files(&home.data());
    files.extend(crate::shipping::files(&store.disk("")));
    assert!(files.len() > 5);
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        assert!(memchr::memmem::find(&bytes, SECRET.as_bytes()).is_none(), "the secret is in {}", file.display());
    }
}

#[test]
fn a_store_over_tls_is_taken_for_itself_by_a_root_that_is_trusted_alone() {
    let store = S3::start_over_tls();
    let home = configured(&store);
    stocked(&home, "acme");
    let stranger = home.run(&["backup"]);
    assert!(stranger.code == 1 && stranger.out.contains("cannot be reached: invalid peer certificate"), "{stranger:?}");
    assert_eq!(store.asked(), Vec::<String>::new(), "nothing was sent to a stranger");
    let root = home.path().join("root.pem");
    std::fs::write(&root, store.root()).unwrap();
    for command in [["backup", "list"], ["backup", "--json"], ["backup", "verify"]] {
        let mut command = home.command(&command);
        command.env("SSL_CERT_FILE", &root);
        finish(command).ok();
    }
    assert!(store.asked().len() > 3);
}

/// What `config check` says to these settings.
fn checked(settings: &[(&str, &str)]) -> Finished {
    let home = Home::new();
    let mut command = home.command(&["config", "check"]);
    command.env("PULSEPOINT_BACKUP_FOLDER", "s3://bucket/x").env("PULSEPOINT_BACKUP_S3_ACCESS_KEY_ID", "id");
    command.env(BACKUP_SECRET_VARIABLE, SECRET);
    command.envs(settings.iter().copied());
    says_no_secret(finish(command))
}

#[test]
fn what_may_not_be_asked_or_is_missing_is_told_before_anything_is_asked() {
    const ENDPOINT: &str = "PULSEPOINT_BACKUP_S3_ENDPOINT";
    const PLAIN: (&str, &str) = ("PULSEPOINT_BACKUP_S3_PLAIN_HTTP", "true");
    const OFFLINE: (&str, &str) = ("PULSEPOINT_OFFLINE", "true");
    let (lan, private) = ((ENDPOINT, "http://store.lan:9000"), (ENDPOINT, "https://10.0.0.7:9000"));
    let good: [&[_]; 5] = [
        &[],
        &[lan, PLAIN],
        &[private],
        &[(ENDPOINT, "http://127.0.0.1:9000"), OFFLINE],
        &[(ENDPOINT, "http://localhost:9")],
    ];
    for settings in good {
        assert_eq!(checked(settings).code, 0, "{settings:?}");
    }
    let bad: [(&[_], &str); 10] = [
        (&[lan], "is no https:// address"),
        (&[(ENDPOINT, "ftp://store.lan"), PLAIN], "is no https:// address"),
        (&[OFFLINE], "offline = true"),
        (&[private, OFFLINE], "offline = true"),
        (&[(ENDPOINT, "https://store.example/path")], "more than a scheme, a host and a port"),
        (&[(ENDPOINT, "https://id:canary-word@store.example")], "holds a name or password"),
        (&[(ENDPOINT, "nonsense")], "backup.s3.endpoint is no address"),
        (&[("PULSEPOINT_BACKUP_S3_ACCESS_KEY_ID", "")], "backup.s3.access_key_id is empty"),
        (&[(BACKUP_SECRET_VARIABLE, "")], BACKUP_SECRET_VARIABLE),
        (&[("PULSEPOINT_BACKUP_FOLDER", "s3://x/../y")], "PULSEPOINT_BACKUP_FOLDER"),
    ];
    for (settings, reason) in bad {
        let said = checked(settings).failed(1);
        assert!(said.contains(reason), "{settings:?}: {said}");
    }
    let acme = [("PULSEPOINT_TLS_MODE", "acme"), ("PULSEPOINT_TLS_NAMES", "figures.example.com")];
    let home = Home::new();
    let mut command = home.command(&["config", "check"]);
    command.envs(acme).env("PULSEPOINT_TLS_ACME_ACCEPT_TERMS", "true").env("PULSEPOINT_OFFLINE", "true");
    assert!(finish(command).failed(1).contains("tls.acme_directory"));
}

#[test]
fn an_address_that_leads_where_nobody_may_ask_is_not_asked() {
    let home = Home::new();
    stocked(&home, "acme");
    // Where clouds hand out credentials; and a name of this machine that the settings do not call so.
    for endpoint in ["https://169.254.169.254", "https://[::ffff:169.254.169.254]", "https://0.0.0.0:1"] {
        let mut command = home.command(&["backup"]);
        command.env("PULSEPOINT_BACKUP_FOLDER", "s3://bucket/x").env("PULSEPOINT_BACKUP_S3_ACCESS_KEY_ID", "id");
        command.env(BACKUP_SECRET_VARIABLE, SECRET).env("PULSEPOINT_BACKUP_S3_ENDPOINT", endpoint);
        command.env("PULSEPOINT_BACKUP_CONTINUOUS", "false");
        let refused = says_no_secret(finish(command));
        assert!(refused.code == 1 && refused.out.contains("may not be asked"), "{endpoint}: {refused:?}");
    }
}
