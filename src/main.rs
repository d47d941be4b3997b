//! Parses the command line, runs the command, sets the exit code.

/// Gives back what a burst took: hashing a hundred passwords left the system's allocator with over a gigabyte. DuckDB and SQLite
/// keep the system's, with which many small instances take less.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    pulsepoint::cli::run(std::env::args_os())
}
