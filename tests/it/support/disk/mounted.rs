//! The disk as the kernel asks for it.

use std::ffi::OsStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner,
    OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyStatfs,
    ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use super::tree::{Bytes, Kind, Names, ROOT, Tree};
use super::{ORDERS, Shared, State};

/// The kernel may remember what it was told: nobody else changes it.
const TTL: Duration = Duration::from_secs(3600);
const BLOCK: u32 = 4096;

pub struct Mounted(pub Shared);

impl Mounted {
    /// What is only looked at.
    fn look<T>(&self, work: impl FnOnce(&mut State) -> Result<T, Errno>) -> Result<T, Errno> {
        let mut state = self.0.state();
        if state.off { Err(Errno::EIO) } else { work(&mut state) }
    }

    /// A step: the power may go before it.
    fn step<T>(&self, work: impl FnOnce(&mut State) -> Result<T, Errno>) -> Result<T, Errno> {
        let mut state = self.0.state();
        state.steps += 1;
        if state.cut_at.is_some_and(|at| state.steps > at) {
            state.off = true;
            self.0.0.1.notify_all();
        }
        if state.off { Err(Errno::EIO) } else { work(&mut state) }
    }

    fn make(&self, folder: INodeNo, name: &OsStr, kind: Kind, mode: u32) -> Result<FileAttr, Errno> {
        self.step(|state| {
            if state.tree.find(folder.0, name).is_some() {
                return Err(Errno::EEXIST);
            }
            let ino = state.tree.add(folder.0, name, kind, (mode & 0o7777) as u16);
            attr(&mut state.tree, ino)
        })
    }

    fn sync(&self, ino: INodeNo) -> Result<(), Errno> {
        self.step(|state| {
            if state.faults.sync.as_ref().is_some_and(|of| state.tree.path(ino.0).contains(of)) {
                state.failed += 1;
                state.tree.give_up(ino.0);
                return Err(Errno::EIO);
            }
            state.tree.sync(ino.0);
            Ok(())
        })
    }
}

impl State {
    /// `sync TEXT`, `read TEXT`, `write TEXT`, `room BYTES`, or `heal`.
    fn order(&mut self, line: &str) {
        match line.trim().split_once(' ') {
            Some(("sync", of)) => self.faults.sync = Some(of.to_owned()),
            Some(("read", of)) => self.faults.read = Some(of.to_owned()),
            Some(("write", of)) => self.faults.write = Some(of.to_owned()),
            Some(("room", bytes)) => self.faults.room = bytes.parse().ok(),
            _ => self.faults = super::Faults::default(),
        }
    }

    fn write(&mut self, ino: u64, at: u64, data: &[u8]) -> Result<u32, Errno> {
        if self.faults.write.as_ref().is_some_and(|of| self.tree.path(ino).contains(of)) {
            return Err(Errno::EIO);
        }
        let bytes = self.tree.file(ino).ok_or(Errno::EISDIR)?;
        let (at, end) = (at as usize, at as usize + data.len());
        let grows = end.saturating_sub(bytes.now.len());
        match &mut self.faults.room {
            Some(room) if *room < grows => return Err(Errno::ENOSPC),
            Some(room) => *room -= grows,
            None => {}
        }
        bytes.write(at, data);
        Ok(data.len() as u32)
    }
}

fn attr(tree: &mut Tree, ino: u64) -> Result<FileAttr, Errno> {
    let node = tree.node(ino).ok_or(Errno::ENOENT)?;
    let (kind, size) = match &node.kind {
        Kind::File(bytes) => (FileType::RegularFile, bytes.now.len() as u64),
        Kind::Folder(_) => (FileType::Directory, 0),
        Kind::Socket => (FileType::Socket, 0),
    };
    let time: SystemTime = UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    Ok(FileAttr {
        ino: INodeNo(ino),
        size,
        blocks: size.div_ceil(512),
        atime: time,
        mtime: time,
        ctime: time,
        crtime: time,
        kind,
        perm: node.mode,
        nlink: node.links,
        uid,
        gid,
        rdev: 0,
        blksize: BLOCK,
        flags: 0,
    })
}

macro_rules! answer {
    ($reply:ident, $outcome:expr, $value:pat => $with:expr) => {
        match $outcome {
            Ok($value) => $with,
            Err(error) => $reply.error(error),
        }
    };
}

impl Filesystem for Mounted {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.look(|state| {
            let ino = state.tree.find(parent.0, name).ok_or(Errno::ENOENT)?;
            attr(&mut state.tree, ino)
        });
        answer!(reply, found, attr => reply.entry(&TTL, &attr, Generation(0)));
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        answer!(reply, self.look(|state| attr(&mut state.tree, ino.0)), attr => reply.attr(&TTL, &attr));
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let set = self.step(|state| {
            if let Some(mode) = mode {
                state.tree.node(ino.0).ok_or(Errno::ENOENT)?.mode = (mode & 0o7777) as u16;
            }
            if let Some(size) = size {
                state.tree.file(ino.0).ok_or(Errno::EISDIR)?.set_len(size as usize);
            }
            attr(&mut state.tree, ino.0)
        });
        answer!(reply, set, attr => reply.attr(&TTL, &attr));
    }

    fn mknod(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, _: u32, reply: ReplyEntry) {
        let kind = if mode & 0o170_000 == 0o140_000 { Kind::Socket } else { Kind::File(Bytes::default()) };
        answer!(reply, self.make(parent, name, kind, mode & !umask), attr => reply.entry(&TTL, &attr, Generation(0)));
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, reply: ReplyEntry) {
        let made = self.make(parent, name, Kind::Folder(Names::default()), mode & !umask);
        answer!(reply, made, attr => reply.entry(&TTL, &attr, Generation(0)));
    }

    fn create(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, _: i32, reply: ReplyCreate) {
        let made = self.make(parent, name, Kind::File(Bytes::default()), mode & !umask);
        answer!(reply, made, attr => reply.created(&TTL, &attr, Generation(0), FileHandle(0), FopenFlags::empty()));
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let gone = self.step(|state| {
            state.tree.find(parent.0, name).ok_or(Errno::ENOENT)?;
            state.tree.unlink(parent.0, name);
            Ok(())
        });
        answer!(reply, gone, () => reply.ok());
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let gone = self.step(|state| {
            let ino = state.tree.find(parent.0, name).ok_or(Errno::ENOENT)?;
            if !state.tree.names(ino).ok_or(Errno::ENOTDIR)?.is_empty() {
                return Err(Errno::ENOTEMPTY);
            }
            state.tree.unlink(parent.0, name);
            Ok(())
        });
        answer!(reply, gone, () => reply.ok());
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let renamed = self.step(|state| {
            let ino = state.tree.find(parent.0, name).ok_or(Errno::ENOENT)?;
            let there = state.tree.find(newparent.0, newname);
            if flags.contains(RenameFlags::RENAME_NOREPLACE) && there.is_some() {
                return Err(Errno::EEXIST);
            }
            if there.is_some_and(|there| state.tree.names(there).is_some_and(|names| !names.is_empty())) {
                return Err(Errno::ENOTEMPTY);
            }
            let (from, to) = ((parent.0, name.to_owned()), (newparent.0, newname.to_owned()));
            state.tree.rename(vec![(from.0, from.1, None), (to.0, to.1, Some(ino))]);
            Ok(())
        });
        answer!(reply, renamed, () => reply.ok());
    }

    fn link(&self, _: &Request, ino: INodeNo, newparent: INodeNo, newname: &OsStr, reply: ReplyEntry) {
        let linked = self.step(|state| {
            if state.tree.find(newparent.0, newname).is_some() {
                return Err(Errno::EEXIST);
            }
            state.tree.node(ino.0).ok_or(Errno::ENOENT)?.links += 1;
            state.tree.rename(vec![(newparent.0, newname.to_owned(), Some(ino.0))]);
            attr(&mut state.tree, ino.0)
        });
        answer!(reply, linked, attr => reply.entry(&TTL, &attr, Generation(0)));
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let read = self.look(|state| {
            if state.faults.read.as_ref().is_some_and(|of| state.tree.path(ino.0).contains(of)) {
                return Err(Errno::EIO);
            }
            let bytes = &state.tree.file(ino.0).ok_or(Errno::EISDIR)?.now;
            let from = bytes.len().min(offset as usize);
            Ok(bytes[from..bytes.len().min(from + size as usize)].to_vec())
        });
        answer!(reply, read, bytes => reply.data(&bytes));
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let written = self.step(|state| {
            if state.tree.find(ROOT, OsStr::new(ORDERS)) == Some(ino.0) {
                state.order(&String::from_utf8_lossy(data));
                return Ok(data.len() as u32);
            }
            state.write(ino.0, offset, data)
        });
        answer!(reply, written, size => reply.written(size));
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer!(reply, self.sync(ino), () => reply.ok());
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer!(reply, self.sync(ino), () => reply.ok());
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let listed = self.look(|state| {
            let names = state.tree.names(ino.0).ok_or(Errno::ENOTDIR)?.clone();
            let mut all = vec![(ino.0, FileType::Directory, ".".into()), (ino.0, FileType::Directory, "..".into())];
            for (name, ino) in names {
                all.push((ino, attr(&mut state.tree, ino)?.kind, name));
            }
            Ok(all)
        });
        let all = match listed {
            Ok(all) => all,
            Err(error) => return reply.error(error),
        };
        for (at, (ino, kind, name)) in all.into_iter().enumerate().skip(offset as usize) {
            if reply.add(INodeNo(ino), at as u64 + 1, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let room = self.0.state().faults.room.map_or(1 << 22, |bytes| bytes as u64 / u64::from(BLOCK));
        reply.statfs(1 << 22, room, room, 1 << 20, 1 << 20, BLOCK, 255, BLOCK);
    }
}
