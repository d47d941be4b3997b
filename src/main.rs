//! Parses the command line, runs the command, sets the exit code.

fn main() -> std::process::ExitCode {
    pulsepoint::cli::run(std::env::args_os())
}
