//! Which layer wins, and what a mistake is answered with.

use super::*;

/// Sources with a file of this text.
fn sources(file: &str, environment: &[(&str, &str)]) -> (tempfile::TempDir, Sources) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pulsepoint.toml");
    std::fs::write(&path, file).unwrap();
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    (folder, Sources { file: Some(path), environment, flags: Vec::new() })
}

fn listen(sources: &Sources) -> (String, Origin) {
    let resolved = resolve(sources).unwrap();
    (resolved.settings.listen.to_string(), resolved.keys["listen"].1.clone())
}

fn problems(file: &str, environment: &[(&str, &str)]) -> Vec<String> {
    let (folder, sources) = sources(file, environment);
    let place = format!("{}/", folder.path().display());
    resolve(&sources).unwrap_err().iter().map(|problem| problem.to_string().replace(&place, "")).collect()
}

#[test]
fn a_flag_beats_the_environment_beats_the_file_beats_the_default() {
    let file = "listen = \"127.0.0.1:1001\"";
    let environment = [("PULSEPOINT_LISTEN", "127.0.0.1:1002")];
    assert_eq!(listen(&Sources::default()), ("127.0.0.1:8080".to_owned(), Origin::Default));
    let (_folder, only_file) = sources(file, &[]);
    assert_eq!(listen(&only_file), ("127.0.0.1:1001".to_owned(), Origin::File(only_file.file.clone().unwrap())));
    let (_folder, both) = sources(file, &environment);
    assert_eq!(listen(&both), ("127.0.0.1:1002".to_owned(), Origin::Environment("PULSEPOINT_LISTEN".to_owned())));
    let all = both.flag("listen", Some("127.0.0.1:1003".to_owned()), "--listen");
    assert_eq!(listen(&all), ("127.0.0.1:1003".to_owned(), Origin::Flag("--listen".to_owned())));
}

#[test]
fn names_the_key_at_fault_and_the_nearest_right_one() {
    assert_eq!(problems("lisen = \"x\"", &[]), ["pulsepoint.toml: lisen: is no setting; did you mean listen?"]);
    assert_eq!(problems("zzz = 1", &[]), ["pulsepoint.toml: zzz: is no setting"]);
    let found = problems("listen = \"nowhere\"\ndata = 3", &[]);
    assert_eq!(found.len(), 2, "every mistake is told at once: {found:?}");
    assert!(found[0].starts_with("pulsepoint.toml: data: invalid type: integer"), "{found:?}");
    assert!(found[1].starts_with("pulsepoint.toml: listen: invalid socket address"), "{found:?}");
    let found = problems("", &[("PULSEPOINT_LISTEN", "80")]);
    assert!(found[0].starts_with("PULSEPOINT_LISTEN: invalid socket address"), "{found:?}");
}

#[test]
fn a_master_key_does_not_belong_in_the_file() {
    let found = problems("master_key = \"secret-text\"", &[]);
    assert!(found[0].contains("PULSEPOINT_MASTER_KEY") && !found[0].contains("secret-text"), "{found:?}");
    let found = problems("[oidc]\nclient_secret = \"secret-text\"", &[]);
    assert!(found[0].contains("oidc.client_secret_file") && !found[0].contains("secret-text"), "{found:?}");
    let found = problems("[backup.s3]\nsecret_access_key = \"secret-text\"", &[]);
    assert!(found[0].contains("backup.s3.secret_access_key_file") && !found[0].contains("secret-text"), "{found:?}");
}

#[test]
fn a_broken_or_missing_file_is_named_with_its_line() {
    assert!(problems("listen = \"x\"\nlisten = ", &[])[0].starts_with("pulsepoint.toml: line 2: "));
    let missing = Sources { file: Some("/nowhere/p.toml".into()), ..Sources::default() };
    assert!(resolve(&missing).unwrap_err()[0].to_string().starts_with("/nowhere/p.toml: cannot be read: "));
}

#[test]
fn a_stray_variable_is_told_but_stops_nothing() {
    let (_folder, sources) = sources("", &[("PULSEPOINT_LISTENN", "x"), ("PULSEPOINT_CONFIG", "x")]);
    let strays = resolve(&sources).unwrap().strays;
    assert_eq!(strays.len(), 1);
    assert_eq!(strays[0].to_string(), "PULSEPOINT_LISTENN: is no setting; did you mean PULSEPOINT_LISTEN?");
}

#[test]
fn a_public_address_is_one_without_a_path() {
    let url = |text: &str| resolve(&sources(&format!("public_url = \"{text}\""), &[]).1).map(|_| ());
    for good in ["", "https://figures.example.com", "https://figures.example.com:8443/", "http://localhost:8080"] {
        assert_eq!(url(good), Ok(()), "{good}");
    }
    for bad in [
        "figures.example.com",
        "https://",
        "ftp://x.example",
        "https://x.example/a",
        "https://x.example/?a",
        "https://a:b@x.example",
    ] {
        assert!(url(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_store_for_backups_is_checked_key_by_key() {
    let file = "[backup]\nfolder = \"s3://shop/pulsepoint\"\n[backup.s3]\nendpoint = \"https://store.lan\"";
    let (_folder, good) = sources(file, &[("PULSEPOINT_BACKUP_S3_ACCESS_KEY_ID", "id")]);
    let settings = resolve(&good).unwrap().settings.backup;
    assert_eq!(settings.folder, "s3://shop/pulsepoint".parse().unwrap());
    assert_eq!((settings.s3.endpoint.as_str(), settings.s3.access_key_id.as_str()), ("https://store.lan", "id"));
    let found = problems("backup.folder = \"s3://shop/../x\"\nbackup.s3.timeout_secs = 0", &[]);
    assert!(found[0].contains("backup.folder: has a prefix"), "{found:?}");
    assert!(found[1].contains("backup.s3.timeout_secs: is not from 1 to 300"), "{found:?}");
}

#[test]
fn text_of_the_environment_takes_the_kind_of_the_default() {
    let parsed = |text: &str, like: Value| keys::parse(text, &like);
    assert_eq!(parsed(" 1_200 ", Value::Integer(0)), Ok(Value::Integer(1200)));
    assert_eq!(parsed("on", Value::Boolean(false)), Ok(Value::Boolean(true)));
    assert_eq!(parsed("a, b,", Value::Array(vec![])), Ok(Value::Array(vec!["a".into(), "b".into()])));
    assert_eq!(parsed("many", Value::Integer(0)), Err("\"many\" is not a whole number".to_owned()));
    assert_eq!(keys::variable("warehouse.storage"), "PULSEPOINT_WAREHOUSE_STORAGE");
}

#[test]
fn every_default_is_a_key() {
    let keys = keys::flatten(&keys::table_of(&Settings::default()));
    assert!(keys.contains_key("listen") && keys.contains_key("data"), "{keys:?}");
}

#[test]
fn the_readme_names_every_key() {
    let readme = include_str!("../../README.md");
    let keys = keys::flatten(&keys::table_of(&Settings::default()));
    let missing: Vec<&String> = keys.keys().filter(|key| !readme.contains(&format!("`{key}`"))).collect();
    assert!(missing.is_empty(), "README.md does not name {missing:?}");
}
