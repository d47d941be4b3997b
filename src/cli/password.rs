//! A password from the person at the terminal, unseen, or from standard input.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{Context, anyhow};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::error::Result;

/// Asks twice on a terminal; else, or where `from_stdin` says so, takes the first line of standard input.
pub fn ask(of: &str, from_stdin: bool) -> Result<SecretString> {
    if from_stdin || !std::io::stdin().is_terminal() {
        return match line()? {
            Some(password) => Ok(password),
            None => Err(anyhow!("no password: write it to standard input, or run this on a terminal").into()),
        };
    }
    let first = unseen(&format!("New password of {of}: "))?;
    let second = unseen("Once more: ")?;
    match first.expose_secret() == second.expose_secret() {
        true => Ok(first),
        false => Err(anyhow!("the two passwords differ; nothing was changed").into()),
    }
}

/// The first line of standard input without its end; none if it is empty.
fn line() -> Result<Option<SecretString>> {
    let mut text = Zeroizing::new(String::with_capacity(256));
    std::io::stdin().lock().read_line(&mut text).context("reading the password from standard input")?;
    let password = text.trim_end_matches(['\r', '\n']);
    Ok((!password.is_empty()).then(|| SecretString::from(password)))
}

fn unseen(prompt: &str) -> Result<SecretString> {
    let mut out = std::io::stderr().lock();
    write!(out, "{prompt}").and_then(|()| out.flush()).context("writing to the terminal")?;
    let quiet = Quiet::begin()?;
    let typed = line();
    drop(quiet);
    writeln!(out).context("writing to the terminal")?;
    typed?.ok_or_else(|| anyhow!("no password; nothing was changed").into())
}

/// The terminal does not show what is typed until this is dropped.
struct Quiet(Termios);

impl Quiet {
    fn begin() -> Result<Self> {
        let terminal = std::io::stdin();
        let before = tcgetattr(&terminal).context("asking the terminal for its settings")?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&terminal, OptionalActions::Flush, &quiet).context("hiding what is typed")?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // If the terminal is gone, nothing is shown anyway.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
    }
}
