//! As much of tar as an export needs: files of known size, one after the other. Any tar opens it.

use std::io::{self, Write};

const BLOCK: usize = 512;

/// Writes one file. `at_secs` is its time, seconds of unix time.
pub(super) fn file(out: &mut impl Write, name: &str, body: &[u8], at_secs: i64) -> io::Result<()> {
    out.write_all(&header(name, body.len(), at_secs)?)?;
    out.write_all(body)?;
    let over = body.len() % BLOCK;
    if over > 0 {
        out.write_all(&[0; BLOCK][over..])?;
    }
    Ok(())
}

/// Ends the archive.
pub(super) fn end(out: &mut impl Write) -> io::Result<()> {
    out.write_all(&[0; 2 * BLOCK])
}

fn header(name: &str, size: usize, at_secs: i64) -> io::Result<[u8; BLOCK]> {
    let mut header = [0; BLOCK];
    let mut put = |from: usize, text: &[u8]| header[from..from + text.len()].copy_from_slice(text);
    // The files' names are our own; a size beyond what the field holds would need another kind of header.
    if name.len() > 100 || size >= 1 << 33 {
        return Err(io::Error::other("a file that does not fit a tar header"));
    }
    put(0, name.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, format!("{:011o}\0", at_secs.clamp(0, (1 << 33) - 1)).as_bytes());
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(header)
}
