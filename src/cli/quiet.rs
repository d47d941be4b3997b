//! A crash must leave no image of the process: every key is in it, and a core file outlives the process in clear.

use rustix::process::{Resource, Rlimit, setrlimit};

/// From now on no core file is written, whatever the shell or the unit allows, and no handler of the system is given an image either.
/// Whoever debugs a crash runs a build of their own. As before, somebody with root reads what they like.
pub(super) fn leave_no_image() {
    // To lower a limit is always allowed; and where it is not, a command is better done than not.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    {
        // The limit does not hold for a core pattern that is a pipe; this does.
        let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    }
}
