//! What a disk holds: what is seen now, what a power cut would leave, and what lies between the two.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::Chance;

/// What a disk writes at once: a write is torn between two of these, never within one.
const SECTOR: usize = 512;

pub type Ino = u64;
pub const ROOT: Ino = 1;

pub struct Node {
    pub kind: Kind,
    pub mode: u16,
    pub links: u32,
}

pub enum Kind {
    File(Bytes),
    Folder(Names),
    /// A socket: it has a name, and nothing of it outlives its process.
    Socket,
}

/// A file's contents, and what was done to them since they were last synced.
#[derive(Default)]
pub struct Bytes {
    pub now: Vec<u8>,
    kept: Vec<u8>,
    pending: Vec<Change>,
}

enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

#[derive(Default)]
pub struct Names {
    pub now: BTreeMap<OsString, Ino>,
    kept: BTreeMap<OsString, Ino>,
}

/// One name of one folder, and whose it is from then on.
type Entry = (Ino, OsString, Option<Ino>);

pub struct Tree {
    nodes: BTreeMap<Ino, Node>,
    next: Ino,
    /// Changes of names that no sync of a folder has made last, in order; those of one step belong together.
    journal: Vec<Vec<Entry>>,
}

impl Bytes {
    pub fn write(&mut self, at: usize, data: &[u8]) {
        put(&mut self.now, at, data);
        self.pending.push(Change::Write(at, data.to_vec()));
    }

    pub fn set_len(&mut self, len: usize) {
        self.now.resize(len, 0);
        self.pending.push(Change::Length(len));
    }

    fn sync(&mut self) {
        for change in self.pending.drain(..) {
            match change {
                Change::Write(at, data) => put(&mut self.kept, at, &data),
                Change::Length(len) => self.kept.resize(len, 0),
            }
        }
    }

    /// Some of what was not synced reached the disk all the same: whole changes, or sectors of them, in any order.
    fn keep_some(&mut self, chance: &mut Chance) {
        let (often, torn) = (chance.below(101), chance.below(2) == 0);
        for change in std::mem::take(&mut self.pending) {
            match change {
                Change::Write(at, data) if torn => {
                    for (place, sector) in data.chunks(SECTOR).enumerate() {
                        if chance.below(100) < often {
                            put(&mut self.kept, at + place * SECTOR, sector);
                        }
                    }
                }
                Change::Write(at, data) if chance.below(100) < often => put(&mut self.kept, at, &data),
                Change::Length(len) if chance.below(100) < often => self.kept.resize(len, 0),
                _ => {}
            }
        }
    }
}

fn put(into: &mut Vec<u8>, at: usize, data: &[u8]) {
    let end = at + data.len();
    if into.len() < end {
        into.resize(end, 0);
    }
    into[at..end].copy_from_slice(data);
}

impl Tree {
    /// What lies in a folder, all of it synced.
    pub fn load(image: &Path) -> Self {
        let mut tree = Self { nodes: BTreeMap::new(), next: ROOT + 1, journal: Vec::new() };
        tree.nodes.insert(ROOT, Node { kind: Kind::Folder(Names::default()), mode: 0o700, links: 2 });
        tree.load_into(ROOT, image);
        for node in tree.nodes.values_mut() {
            match &mut node.kind {
                Kind::File(bytes) => bytes.sync(),
                Kind::Folder(names) => names.kept = names.now.clone(),
                Kind::Socket => {}
            }
        }
        tree.journal.clear();
        tree
    }

    fn load_into(&mut self, folder: Ino, from: &Path) {
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let meta = entry.metadata().unwrap();
            let mode = (meta.permissions().mode() & 0o7777) as u16;
            if meta.is_dir() {
                let ino = self.add(folder, &entry.file_name(), Kind::Folder(Names::default()), mode);
                self.load_into(ino, &entry.path());
            } else if meta.is_file() {
                let mut bytes = Bytes::default();
                bytes.write(0, &std::fs::read(entry.path()).unwrap());
                self.add(folder, &entry.file_name(), Kind::File(bytes), mode);
            }
        }
    }

    /// Writes what a power cut leaves into an empty folder; with `chance`, also some of what was not synced.
    pub fn remains(mut self, to: &Path, chance: Option<&mut Chance>) {
        if let Some(chance) = chance {
            // A journal reaches the disk from its beginning on.
            let told = chance.below(self.journal.len() as u64 + 1) as usize;
            for entry in std::mem::take(&mut self.journal).into_iter().take(told).flatten() {
                self.make_last(entry);
            }
            for node in self.nodes.values_mut() {
                if let Kind::File(bytes) = &mut node.kind {
                    bytes.keep_some(chance);
                }
            }
        }
        self.write_out(ROOT, to);
    }

    fn write_out(&self, folder: Ino, to: &Path) {
        let Kind::Folder(names) = &self.nodes[&folder].kind else { return };
        for (name, ino) in &names.kept {
            let (node, path) = (&self.nodes[ino], to.join(name));
            match &node.kind {
                Kind::File(bytes) => {
                    let mode = u32::from(node.mode);
                    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&path);
                    std::io::Write::write_all(&mut file.unwrap(), &bytes.kept).unwrap();
                }
                Kind::Folder(_) => {
                    std::fs::DirBuilder::new().mode(u32::from(node.mode)).create(&path).unwrap();
                    self.write_out(*ino, &path);
                }
                Kind::Socket => {}
            }
        }
    }

    pub fn node(&mut self, ino: Ino) -> Option<&mut Node> {
        self.nodes.get_mut(&ino)
    }

    pub fn file(&mut self, ino: Ino) -> Option<&mut Bytes> {
        match &mut self.nodes.get_mut(&ino)?.kind {
            Kind::File(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub fn names(&self, folder: Ino) -> Option<&BTreeMap<OsString, Ino>> {
        match &self.nodes.get(&folder)?.kind {
            Kind::Folder(names) => Some(&names.now),
            _ => None,
        }
    }

    pub fn find(&self, folder: Ino, name: &OsStr) -> Option<Ino> {
        self.names(folder)?.get(name).copied()
    }

    pub fn add(&mut self, folder: Ino, name: &OsStr, kind: Kind, mode: u16) -> Ino {
        let ino = self.next;
        self.next += 1;
        let links = if matches!(kind, Kind::Folder(_)) { 2 } else { 1 };
        self.nodes.insert(ino, Node { kind, mode, links });
        self.rename(vec![(folder, name.to_owned(), Some(ino))]);
        ino
    }

    pub fn unlink(&mut self, folder: Ino, name: &OsStr) {
        if let Some(node) = self.find(folder, name).and_then(|ino| self.nodes.get_mut(&ino)) {
            node.links = node.links.saturating_sub(1);
        }
        self.rename(vec![(folder, name.to_owned(), None)]);
    }

    /// Changes names in one step.
    pub fn rename(&mut self, step: Vec<Entry>) {
        for (folder, name, ino) in &step {
            if let Some(Node { kind: Kind::Folder(names), .. }) = self.nodes.get_mut(folder) {
                match ino {
                    Some(ino) => names.now.insert(name.clone(), *ino),
                    None => names.now.remove(name),
                };
            }
        }
        self.journal.push(step);
    }

    /// Makes a file's contents last, or a folder's names: that a file has a name at all is its folder's to sync.
    pub fn sync(&mut self, ino: Ino) {
        if let Some(bytes) = self.file(ino) {
            return bytes.sync();
        }
        let (last, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.journal)
            .into_iter()
            .enumerate()
            .partition(|(_, step)| step.iter().any(|(folder, _, _)| *folder == ino));
        // What an earlier step said of a name that a step now made last speaks of is over.
        let over = |at: usize, (folder, name, _): &Entry| {
            last.iter().any(|(later, step)| *later > at && step.iter().any(|one| one.0 == *folder && one.1 == *name))
        };
        let open = rest.into_iter().map(|(at, step)| step.into_iter().filter(|one| !over(at, one)).collect::<Vec<_>>());
        self.journal = open.filter(|step| !step.is_empty()).collect();
        for entry in last.into_iter().flat_map(|(_, step)| step) {
            self.make_last(entry);
        }
    }

    fn make_last(&mut self, (folder, name, ino): Entry) {
        if let Some(Node { kind: Kind::Folder(names), .. }) = self.nodes.get_mut(&folder) {
            match ino {
                Some(ino) => names.kept.insert(name, ino),
                None => names.kept.remove(&name),
            };
        }
    }

    /// A sync failed: the kernel takes what was to be written for written, and nobody writes it ever.
    pub fn give_up(&mut self, ino: Ino) {
        if let Some(bytes) = self.file(ino) {
            bytes.pending.clear();
        }
    }

    /// Where a node lies now, from the root.
    pub fn path(&self, ino: Ino) -> String {
        for (folder, node) in &self.nodes {
            if let Kind::Folder(names) = &node.kind
                && let Some((name, _)) = names.now.iter().find(|(_, of)| **of == ino)
            {
                return format!(
                    "{}/{}",
                    if *folder == ROOT { String::new() } else { self.path(*folder) },
                    name.display()
                );
            }
        }
        String::new()
    }
}
