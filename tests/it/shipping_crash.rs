//! A server that is killed while it ships, and a machine that is lost: what was acknowledged is there, elsewhere as well.

use rustix::process::Signal;

use crate::support::binary::Home;
use crate::support::store::Place;

fn configured(place: &Place) -> Home {
    let home = Home::new();
    std::fs::write(home.path().join("pulsepoint.toml"), place.toml(&home.path())).unwrap();
    home
}

fn brands(home: &Home) -> Vec<String> {
    let listed = home.run(&["brand", "list", "--tenant", "acme", "--json"]).ok().json();
    let mut all: Vec<String> =
        listed["brands"].as_array().unwrap().iter().map(|brand| brand["slug"].as_str().unwrap().to_owned()).collect();
    all.sort();
    all
}

#[test]
fn killed_again_and_again_it_ships_on_and_another_machine_has_all_of_it() {
    killed_it_ships_on(&Place::folder());
}

#[test]
fn killed_again_and_again_it_ships_on_to_a_store_and_another_machine_has_all_of_it() {
    killed_it_ships_on(&Place::store());
}

fn killed_it_ships_on(place: &Place) {
    let here = configured(place);
    here.run(&["tenant", "add", "acme"]).ok();
    let mut added = Vec::new();
    for round in 0..4 {
        let server = here.serve(&[]);
        for number in 0..3 {
            let slug = format!("b-{round}-{number}");
            here.run(&["brand", "add", &slug, "--tenant", "acme", "--currency", "EUR", "--timezone", "UTC"]).ok();
            added.push(slug);
        }
        // At whatever it is: shipping, a snapshot, nothing.
        server.stop(if round < 3 { Signal::KILL } else { Signal::TERM });
    }
    assert_eq!(brands(&here), added, "here nothing that was acknowledged is lost");
    let key = here.data().join("backup-identity.txt");
    let key = key.to_str().unwrap();
    let there = configured(place);
    there.run(&["restore", "--instance", "--at", "latest", "--identity", key]).ok();
    let planned =
        there.run(&["restore", "--tenant", "acme", "--at", "latest", "--identity", key, "--dry-run", "--json"]);
    assert!(planned.ok().json()["commits"].as_i64().unwrap() > 0);
    there.run(&["restore", "--tenant", "acme", "--at", "latest", "--identity", key]).ok();
    assert_eq!(brands(&there), added, "and elsewhere nothing either");
    there.run(&["audit", "verify"]).ok();
}
