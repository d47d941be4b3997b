//! The real binary in a home of its own: no setting of the machine reaches it, and nothing of it stays.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// How long a start may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// An instance that is nobody else's.
pub struct Home {
    folder: tempfile::TempDir,
}

/// What a finished command left.
#[derive(Debug)]
pub struct Finished {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Finished {
    /// Its standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Itself, if it succeeded.
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// What it complained, if it failed with this code.
    pub fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:?}");
        self.err
    }
}

impl Home {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// The folder everything lies in; the working folder of commands.
    pub fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Where data lies if no flag says otherwise.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("xdg-data/pulsepoint")
    }

    pub fn command(&self, args: &[&str]) -> Command {
        // PULSEPOINT_BIN: the same tests over another build, such as the one for packages.
        let binary = std::env::var_os("PULSEPOINT_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_pulsepoint").into());
        let mut command = Command::new(binary);
        command.args(args).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.folder.path()).env("XDG_DATA_HOME", self.folder.path().join("xdg-data"));
        command.env("XDG_CONFIG_HOME", self.folder.path().join("xdg-config"));
        command
    }

    pub fn run(&self, args: &[&str]) -> Finished {
        finish(self.command(args))
    }

    pub fn run_with(&self, args: &[&str], input: &str) -> Finished {
        finish_with(self.command(args), input)
    }

    /// A server on a free port, ready.
    pub fn serve(&self, args: &[&str]) -> Running {
        self.start(&[&["serve", "--listen", "127.0.0.1:0"], args].concat())
    }

    /// [`Self::serve`], by a shell that is told how.
    pub fn serve_by(&self, script: &str) -> Running {
        let plain = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(plain.get_program()).args(plain.get_args());
        command.current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Self::ready(command)
    }

    /// A command that stays, once it is ready.
    pub fn start(&self, args: &[&str]) -> Running {
        Self::ready(self.command(args))
    }

    fn ready(mut command: Command) -> Running {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (said, address) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        let out = std::thread::spawn(move || {
            let mut all = String::new();
            for line in out.lines().map_while(Result::ok) {
                if let Some(address) = line.strip_prefix("listening on ") {
                    said.send(address.to_owned()).unwrap();
                }
                all.push_str(&line);
                all.push('\n');
            }
            all
        });
        let err = BufReader::new(child.stderr.take().unwrap());
        let err =
            std::thread::spawn(move || err.lines().map_while(Result::ok).fold(String::new(), |a, l| a + &l + "\n"));
        match address.recv_timeout(PATIENCE) {
            Ok(url) => Running { child, url, collected: Some((out, err)) },
            Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                panic!("not ready: {}{}", out.join().unwrap(), err.join().unwrap())
            }
        }
    }
}

pub fn finish(mut command: Command) -> Finished {
    collect(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

/// Runs it with this on its standard input.
pub fn finish_with(mut command: Command, input: &str) -> Finished {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that needs no input may have ended before it is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    collect(child)
}

fn collect(child: Child) -> Finished {
    let output = child.wait_with_output().unwrap();
    Finished {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A command that stays until it is stopped; killed when dropped.
pub struct Running {
    child: Child,
    /// `http://address:port`, as it printed.
    pub url: String,
    collected: Option<(JoinHandle<String>, JoinHandle<String>)>,
}

impl Running {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it by a signal: its status, and what it printed on both streams.
    pub fn stop(mut self, signal: Signal) -> (ExitStatus, String, String) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let status = self.child.wait().unwrap();
        let (out, err) = self.collected.take().unwrap();
        (status, out.join().unwrap(), err.join().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.collected.is_some() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
