//! Turns a file's bytes into UTF-8: byte order marks, UTF-16 either way, Windows-1252 where it is not UTF-8.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder};

/// How a file's text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    Windows1252,
}

/// Tells the encoding from a file's first bytes. UTF-8 is a guess that holds until a byte contradicts it.
pub fn sniff(head: &[u8]) -> Encoding {
    match head {
        [0xff, 0xfe, ..] => Encoding::Utf16Le,
        [0xfe, 0xff, ..] => Encoding::Utf16Be,
        _ => {
            // Without a mark: plain ASCII in UTF-16 has a NUL in every second byte.
            let pairs = head.chunks_exact(2).take(64);
            let (count, high, low) = pairs.fold((0, 0, 0), |(n, high, low), pair| {
                (n + 1, high + usize::from(pair[0] == 0), low + usize::from(pair[1] == 0))
            });
            match (count >= 4, high * 10 >= count * 9, low * 10 >= count * 9) {
                (true, true, false) => Encoding::Utf16Be,
                (true, false, true) => Encoding::Utf16Le,
                _ => Encoding::Utf8,
            }
        }
    }
}

/// A reader of UTF-8 without a byte order mark over bytes in some encoding.
pub struct Decoded<R> {
    input: R,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    start: usize,
    end: usize,
    eof: bool,
    done: bool,
    /// Decoded, not yet handed out.
    text: Vec<u8>,
    given: usize,
}

impl<R: Read> Decoded<R> {
    /// `encoding` as [`sniff`] or a second look found it.
    pub fn new(mut input: R, encoding: Encoding) -> io::Result<Self> {
        let decoder = match encoding {
            Encoding::Utf8 => None,
            Encoding::Utf16Le => Some(encoding_rs::UTF_16LE.new_decoder_with_bom_removal()),
            Encoding::Utf16Be => Some(encoding_rs::UTF_16BE.new_decoder_with_bom_removal()),
            Encoding::Windows1252 => Some(encoding_rs::WINDOWS_1252.new_decoder_without_bom_handling()),
        };
        let mut raw = vec![0; if decoder.is_some() { 64 * 1024 } else { 3 }];
        let (mut start, mut end) = (0, 0);
        if decoder.is_none() {
            while end < 3 {
                match input.read(&mut raw[end..])? {
                    0 => break,
                    n => end += n,
                }
            }
            if raw[..end] == [0xef, 0xbb, 0xbf] {
                start = end;
            }
        }
        Ok(Self { input, decoder, raw, start, end, eof: false, done: false, text: Vec::new(), given: 0 })
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(decoder) = &mut self.decoder else {
            if self.start < self.end {
                let n = (self.end - self.start).min(out.len());
                out[..n].copy_from_slice(&self.raw[self.start..self.start + n]);
                self.start += n;
                return Ok(n);
            }
            return self.input.read(out);
        };
        while self.given == self.text.len() && !self.done {
            if self.start == self.end && !self.eof {
                self.start = 0;
                self.end = self.input.read(&mut self.raw)?;
                self.eof = self.end == 0;
            }
            self.text.resize(3 * self.raw.len(), 0);
            let (result, used, written, _) =
                decoder.decode_to_utf8(&self.raw[self.start..self.end], &mut self.text, self.eof);
            self.start += used;
            self.text.truncate(written);
            self.given = 0;
            self.done = self.eof && result == CoderResult::InputEmpty;
        }
        let n = out.len().min(self.text.len() - self.given);
        out[..n].copy_from_slice(&self.text[self.given..self.given + n]);
        self.given += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, mark: bool, big: bool) -> Vec<u8> {
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units.flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    }

    fn read(bytes: &[u8], encoding: Encoding) -> String {
        let mut out = String::new();
        Decoded::new(bytes, encoding).unwrap().read_to_string(&mut out).unwrap();
        out
    }

    #[test]
    fn reads_what_spreadsheets_write() {
        let text = "Größe;Prix €;naïve\n".repeat(9000);
        for big in [true, false] {
            let bytes = utf16(&text, true, big);
            assert!(read(&bytes, sniff(&bytes)) == text, "big endian: {big}");
        }
        let plain = "Day\tCampaign\tCost\n2026-11-01\tBrand\t1";
        for big in [true, false] {
            let bytes = utf16(plain, false, big);
            assert_eq!(read(&bytes, sniff(&bytes)), plain);
        }
        assert_eq!(read(b"\xef\xbb\xbfa,b", sniff(b"\xef\xbb\xbfa,b")), "a,b");
        assert_eq!(read(b"a", sniff(b"a")), "a");
        assert_eq!(read(b"", sniff(b"")), "");
        assert_eq!(read(b"Caf\xe9 \x80", Encoding::Windows1252), "Café €");
    }
}
