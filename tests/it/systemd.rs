//! The service's unit shuts out what it can, and keeps what the server needs.

use std::path::Path;
use std::process::Command;

/// What `systemd-analyze security` may find at most: 0 is a locked box, 10 no protection at all.
const MOST_EXPOSED: f64 = 2.0;

fn unit() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/systemd/pulsepoint.service")
}

/// The figure at the end of the last line: "Overall exposure level for pulsepoint.service: 1.2 OK".
fn exposure(report: &str) -> Option<f64> {
    let line = report.lines().find(|line| line.contains("Overall exposure level"))?;
    line.rsplit_once(": ")?.1.split_whitespace().next()?.parse().ok()
}

#[test]
fn the_unit_is_hardly_exposed() {
    let ran = Command::new("systemd-analyze").args(["security", "--offline=true", "--no-pager"]).arg(unit()).output();
    let Ok(output) = ran else {
        eprintln!("skipped: there is no systemd-analyze here (Debian's package systemd has it)");
        return;
    };
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if said.contains("unrecognized option") {
        eprintln!("skipped: this systemd-analyze cannot look at a unit that is not installed");
        return;
    }
    let found = exposure(&report).unwrap_or_else(|| panic!("no exposure told: {report}{said}"));
    assert!(found <= MOST_EXPOSED, "exposure {found}:\n{report}");
}

/// Without systemd at hand: the lines that hold the most.
#[test]
fn the_unit_holds_what_protects_most() {
    let text = std::fs::read_to_string(unit()).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for line in [
        "DynamicUser=yes",
        "StateDirectoryMode=0700",
        "UMask=0077",
        // A core dump would hold keys.
        "LimitCORE=0",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "ProtectSystem=strict",
        "ProtectProc=invisible",
        "PrivateUsers=yes",
        "MemoryDenyWriteExecute=yes",
        "SystemCallFilter=@system-service",
        "IPAddressDeny=any",
        "IPAddressAllow=localhost",
    ] {
        assert!(lines.contains(&line), "{line} is not in the unit");
    }
    assert!(
        lines.iter().any(|line| line.starts_with("MemoryMax="))
            && lines.iter().any(|line| line.starts_with("TasksMax="))
    );
}

#[test]
fn a_figure_is_read_from_the_report() {
    let report = "→ Overall exposure level for pulsepoint.service: 1.2 OK 🙂\n";
    assert_eq!(exposure(report), Some(1.2));
    assert_eq!(exposure("nothing"), None);
}
