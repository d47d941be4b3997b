//! Reads the heads of HTTP/1 requests as they pass, for what the parser behind does not tell: that a head has begun, that it has
//! ended, and that another reader could see another end in it.

/// Where a connection is.
pub(super) struct HeadScan {
    in_head: bool,
    /// Bytes of the head so far.
    seen: usize,
    /// Bytes of the line so far, without its end.
    line: usize,
    /// The name of the line's header, lower case, until its colon; longer names are none of ours.
    name: [u8; NAME],
    reading_name: bool,
    /// Headers that name the length: one is the most there may be.
    lengths: u8,
    /// A line ended without its carriage return, which some readers take for an end and some do not.
    bare_feed: bool,
    last: u8,
}

const NAME: usize = 17;

impl HeadScan {
    /// At the beginning of a head.
    pub(super) fn new() -> Self {
        Self {
            in_head: true,
            seen: 0,
            line: 0,
            name: [0; NAME],
            reading_name: true,
            lengths: 0,
            bare_feed: false,
            last: 0,
        }
    }

    /// Whether the next bytes belong to a head.
    pub(super) fn in_head(&self) -> bool {
        self.in_head
    }

    /// Whether a head has begun and not ended.
    pub(super) fn is_partial(&self) -> bool {
        self.in_head && self.seen > 0
    }

    /// Takes the bytes that came. `Some` when the head ended among them: whether it names its length more than once, by
    /// `Content-Length`, `Transfer-Encoding` or both, or has a line that ends in a bare line feed. That is how requests are smuggled
    /// past a proxy.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<bool> {
        if !self.in_head {
            return None;
        }
        for byte in bytes {
            self.bare_feed |= *byte == b'\n' && self.last != b'\r';
            self.last = *byte;
            match byte {
                b'\r' => {}
                b'\n' if self.line == 0 && self.seen == 0 => {}
                b'\n' if self.line == 0 => {
                    self.in_head = false;
                    return Some(self.lengths > 1 || self.bare_feed);
                }
                b'\n' => (self.line, self.reading_name) = (0, true),
                byte => self.take(*byte),
            }
        }
        None
    }

    fn take(&mut self, byte: u8) {
        if self.reading_name {
            if byte == b':' {
                self.reading_name = false;
                let name = &self.name[..self.line.min(NAME)];
                let is_length = name == b"content-length" || name == b"transfer-encoding";
                self.lengths = self.lengths.saturating_add(is_length.into());
            } else if self.line < NAME {
                self.name[self.line] = byte.to_ascii_lowercase();
            } else {
                self.reading_name = false;
            }
        }
        self.line += 1;
        self.seen += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(head: &str, step: usize) -> Option<bool> {
        let mut scan = HeadScan::new();
        head.as_bytes().chunks(step).filter_map(|part| scan.feed(part)).next()
    }

    #[test]
    fn sees_both_lengths_however_the_bytes_fall() {
        let both = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTRANSFER-ENCODING: chunked\r\n\r\n";
        let one = "POST / HTTP/1.1\r\nHost: x\r\nX-Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nContent-Length: 4\r\n\r\n";
        for step in [1, 2, 7, 64, 4096] {
            assert_eq!(verdict(both, step), Some(true), "{step}");
            assert_eq!(verdict(one, step), Some(false), "{step}");
        }
    }

    #[test]
    fn blank_lines_before_a_request_are_not_its_end() {
        assert_eq!(verdict("\r\n\r\nGET / HTTP/1.1\r\n", 3), None);
        assert_eq!(verdict("\r\n\r\nGET / HTTP/1.1\r\n\r\n", 3), Some(false));
    }

    #[test]
    fn a_line_feed_alone_is_no_end_of_a_line() {
        for head in
            ["GET /?a:b HTTP/1.1\nHost: x\n\n", "GET / HTTP/1.1\r\nX: y\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\n\n"]
        {
            for step in [1, 5, 4096] {
                assert_eq!(verdict(head, step), Some(true), "{head:?}");
            }
        }
    }
}
