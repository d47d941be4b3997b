//! A crash must leave no image of the process: every key is in it, and a core file outlives the process in clear.

use rustix::process::{Resource, Rlimit, setrlimit};

/// From now on no core file is written, whatever the shell or the unit allows.
pub(super) fn leave_no_image() {
    // To lower a limit is always allowed; and where it is not, a command is better done than not.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

/// For a server, which holds keys for long: the system gives no image of it to a handler of crashes either, for which the limit does
/// not hold, and lets nobody but root look into it while it runs.
pub(super) fn give_no_image() {
    #[cfg(target_os = "linux")]
    {
        let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    }
}
