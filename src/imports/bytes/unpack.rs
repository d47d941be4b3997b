//! Unpacks gzip on the way, and stops a file that grows out of all proportion.

use std::io::{self, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

/// Real tables shrink to a tenth or a twentieth; nothing that grows a hundredfold and more is one.
const MOST_GROWTH: u64 = 100;
/// Growth is not judged before so much has come out.
const FREE: u64 = 16 << 20;

/// The plain bytes of a file that may be gzip, at most `most` of them.
pub fn unpack<'a>(mut input: impl Read + Send + 'a, most: u64) -> io::Result<Box<dyn Read + Send + 'a>> {
    let mut head = [0; 4];
    let mut known = 0;
    while known < head.len() {
        match input.read(&mut head[known..])? {
            0 => break,
            n => known += n,
        }
    }
    let whole = Cursor::new(head).take(known as u64);
    match &head[..known] {
        [0x1f, 0x8b, ..] => {
            let packed = Tally { input: whole.chain(input), count: 0 };
            Ok(Box::new(Guard {
                input: MultiGzDecoder::new(BufReader::with_capacity(64 * 1024, packed)),
                out: 0,
                most,
            }))
        }
        b"PK\x03\x04" => Err(refuse("this is a ZIP archive or an Excel workbook: unpack it or save it as CSV")),
        [0xd0, 0xcf, 0x11, 0xe0] => Err(refuse("this is an old Excel workbook: save it as CSV")),
        b"%PDF" => Err(refuse("this is a PDF: export the table as CSV")),
        [0x28, 0xb5, 0x2f, 0xfd] => Err(refuse("this is packed with zstd: unpack it or use gzip")),
        _ => Ok(Box::new(Capped { input: whole.chain(input), out: 0, most })),
    }
}

fn refuse(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.to_owned())
}

fn too_much(most: u64) -> io::Error {
    refuse(&format!("the file unpacks to more than {} MB", most >> 20))
}

struct Tally<R> {
    input: R,
    count: u64,
}

impl<R: Read> Read for Tally<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(out)?;
        self.count += n as u64;
        Ok(n)
    }
}

struct Guard<R> {
    input: MultiGzDecoder<BufReader<Tally<R>>>,
    out: u64,
    most: u64,
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(out)?;
        self.out += n as u64;
        if self.out > self.most {
            return Err(too_much(self.most));
        }
        let packed = self.input.get_ref().get_ref().count;
        if self.out > FREE && self.out / packed.max(1) > MOST_GROWTH {
            return Err(refuse("the packed file grows more than a hundredfold: no table does"));
        }
        Ok(n)
    }
}

struct Capped<R> {
    input: R,
    out: u64,
    most: u64,
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(out)?;
        self.out += n as u64;
        if self.out > self.most { Err(too_much(self.most)) } else { Ok(n) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn read(bytes: &[u8], most: u64) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut input = unpack(bytes, most).map_err(|e| e.to_string())?;
        input.read_to_end(&mut out).map_err(|e| e.to_string())?;
        Ok(out)
    }

    #[test]
    fn unpacks_gzip_of_several_members_and_passes_plain_bytes() {
        let mut two = packed(b"a,b\n");
        two.extend(packed(b"1,2\n"));
        assert_eq!(read(&two, 1000).unwrap(), b"a,b\n1,2\n");
        assert_eq!(read(b"a,b", 1000).unwrap(), b"a,b");
        assert_eq!(read(b"", 1000).unwrap(), b"");
    }

    #[test]
    fn stops_bombs_and_names_what_is_no_table() {
        let zeros = vec![b'0'; 40 << 20];
        assert!(read(&packed(&zeros), 1 << 30).unwrap_err().contains("hundredfold"));
        assert!(read(&packed(b"0123456789"), 5).unwrap_err().contains("more than"));
        assert!(read(b"0123456789", 5).unwrap_err().contains("more than"));
        assert!(read(b"PK\x03\x04....", 1000).unwrap_err().contains("Excel"));
        let whole = packed(b"some text that is long enough to be cut in two");
        assert!(read(&whole[..whole.len() - 12], 1000).is_err());
    }
}
