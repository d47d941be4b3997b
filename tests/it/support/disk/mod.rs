//! A disk that loses power: a file system of which only what was synced is left, and whose syncs fail when they are told to.
//! Whoever uses it must be another process: one that waits for its own disk may wait for ever.

mod mounted;
mod tree;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use fuser::BackgroundSession;

use tree::Tree;

/// Writing a line of [`Order`]s into this file of the root gives them.
pub const ORDERS: &str = ".orders";

/// Seeded chance.
#[derive(Clone)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    /// A number under `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16) % end.max(1)
    }
}

/// What goes wrong, and where: for paths that hold the text.
#[derive(Default)]
struct Faults {
    sync: Option<String>,
    read: Option<String>,
    write: Option<String>,
    /// Bytes that may still be written.
    room: Option<usize>,
}

struct State {
    tree: Tree,
    faults: Faults,
    /// Syncs that failed.
    failed: u64,
    /// Writes, syncs and changes of names so far.
    steps: u64,
    /// The step at which the power goes.
    cut_at: Option<u64>,
    off: bool,
}

#[derive(Clone)]
struct Shared(Arc<(Mutex<State>, Condvar)>);

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap()
    }
}

/// A mounted disk.
pub struct Disk {
    shared: Shared,
    session: Option<BackgroundSession>,
    mount: tempfile::TempDir,
}

impl Disk {
    /// A disk with what lies in `image`. None, and a line that says so, where there is no FUSE.
    pub fn mount(image: &Path) -> Option<Self> {
        let state =
            State { tree: Tree::load(image), faults: Faults::default(), failed: 0, steps: 0, cut_at: None, off: false };
        let shared = Shared(Arc::new((Mutex::new(state), Condvar::new())));
        let mount = tempfile::tempdir().unwrap();
        let mut config = fuser::Config::default();
        config.mount_options = vec![fuser::MountOption::FSName("pulsepoint-test".into())];
        match fuser::spawn_mount(mounted::Mounted(shared.clone()), mount.path(), &config) {
            Ok(session) => Some(Self { shared, session: Some(session), mount }),
            Err(error) => {
                eprintln!("skipped: a disk that loses power needs FUSE, which is not to be had here ({error})");
                None
            }
        }
    }

    pub fn path(&self) -> PathBuf {
        self.mount.path().to_owned()
    }

    /// Writes, syncs and changes of names so far.
    pub fn steps(&self) -> u64 {
        self.shared.state().steps
    }

    /// The power goes after so many more steps.
    pub fn cut_after(&self, steps: u64) {
        let mut state = self.shared.state();
        state.cut_at = Some(state.steps + steps);
    }

    /// Waits until the power is gone; false when the child went first.
    pub fn wait_for_cut(&self, child: &mut Child) -> bool {
        let mut state = self.shared.state();
        while !state.off && child.try_wait().unwrap().is_none() {
            state = self.shared.0.1.wait_timeout(state, Duration::from_millis(20)).unwrap().0;
        }
        std::mem::replace(&mut state.off, true)
    }

    /// What is left after the power went, in a folder: what was synced, and with a chance some of the rest.
    pub fn remains(mut self, chance: Option<&mut Chance>) -> tempfile::TempDir {
        self.unmount();
        let left = tempfile::tempdir().unwrap();
        let empty = tempfile::tempdir().unwrap();
        let tree = std::mem::replace(&mut self.shared.state().tree, Tree::load(empty.path()));
        tree.remains(left.path(), chance);
        left
    }

    fn unmount(&mut self) {
        self.shared.state().off = true;
        if let Some(session) = self.session.take() {
            // Lazily: a process that is only now going away may still hold a file of it.
            let _ = Command::new("umount").arg("-l").arg(self.mount.path()).stderr(Stdio::null()).status();
            drop(session);
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.unmount();
    }
}
