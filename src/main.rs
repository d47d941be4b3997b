//! Parses the command line, runs the command, sets the exit code.

/// Also of DuckDB and SQLite (`override`): both allocate much, and give back what a burst of questions took.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    pulsepoint::cli::run(std::env::args_os())
}
