//! The words of a GraphQL document, each with its place.

use super::parse::Fault;

/// A word.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Name(String),
    /// One of `{ } ( ) [ ] : ! = $ @ | &` and `...` as `.`.
    Mark(char),
    Text(String),
    Number(String),
    End,
}

/// Line and column, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct At {
    pub line: usize,
    pub column: usize,
}

/// Splits a document.
pub fn split(source: &str) -> Result<Vec<(Token, At)>, Fault> {
    let mut tokens = Vec::new();
    let mut reader = Reader { rest: source.chars().collect(), at: 0, place: At { line: 1, column: 1 } };
    loop {
        reader.skip();
        let place = reader.place;
        let token = reader.token()?;
        let end = token == Token::End;
        tokens.push((token, if end { reader.last_word(&tokens) } else { place }));
        if end {
            return Ok(tokens);
        }
    }
}

struct Reader {
    rest: Vec<char>,
    at: usize,
    place: At,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += 1;
        match character {
            '\n' => self.place = At { line: self.place.line + 1, column: 1 },
            _ => self.place.column += 1,
        }
        Some(character)
    }

    /// Where Shopify says that the end is: at the last word.
    fn last_word(&self, tokens: &[(Token, At)]) -> At {
        tokens.last().map_or(self.place, |(_, at)| *at)
    }

    fn skip(&mut self) {
        while let Some(character) = self.peek() {
            match character {
                '#' => {
                    while self.peek().is_some_and(|character| character != '\n') {
                        self.next();
                    }
                }
                ' ' | '\t' | '\r' | '\n' | ',' | '\u{feff}' => {
                    self.next();
                }
                _ => return,
            }
        }
    }

    fn token(&mut self) -> Result<Token, Fault> {
        let place = self.place;
        let Some(character) = self.peek() else { return Ok(Token::End) };
        match character {
            '{' | '}' | '(' | ')' | '[' | ']' | ':' | '!' | '=' | '$' | '@' | '|' | '&' => {
                self.next();
                Ok(Token::Mark(character))
            }
            '.' => {
                for _ in 0..3 {
                    if self.next() != Some('.') {
                        return Err(Fault::syntax("unexpected invalid token (\".\")", place));
                    }
                }
                Ok(Token::Mark('.'))
            }
            '"' => self.text(place),
            '-' | '0'..='9' => {
                let number = |character: char| character.is_ascii_digit() || "-+.eE".contains(character);
                Ok(Token::Number(self.take(number)))
            }
            '_' | 'a'..='z' | 'A'..='Z' => {
                Ok(Token::Name(self.take(|character| character == '_' || character.is_ascii_alphanumeric())))
            }
            other => Err(Fault::syntax(&format!("unexpected invalid token (\"{other}\")"), place)),
        }
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let mut text = String::new();
        while let Some(character) = self.peek().filter(|character| belongs(*character)) {
            text.push(character);
            self.next();
        }
        text
    }

    fn text(&mut self, place: At) -> Result<Token, Fault> {
        let block = self.rest[self.at..].starts_with(&['"', '"', '"']);
        let quotes = if block { 3 } else { 1 };
        for _ in 0..quotes {
            self.next();
        }
        let mut text = String::new();
        loop {
            if self.rest[self.at..].iter().take(quotes).filter(|quote| **quote == '"').count() == quotes {
                for _ in 0..quotes {
                    self.next();
                }
                return Ok(Token::Text(text));
            }
            match self.next() {
                None => return Err(Fault::syntax("unexpected end of file", place)),
                Some('\n') if !block => return Err(Fault::syntax("unexpected invalid token (\"\\\"\")", place)),
                Some('\\') if !block => text.push(self.escape(place)?),
                Some(character) => text.push(character),
            }
        }
    }

    fn escape(&mut self, place: At) -> Result<char, Fault> {
        let bad = || Fault::syntax("unexpected invalid escape", place);
        match self.next().ok_or_else(bad)? {
            'n' => Ok('\n'),
            't' => Ok('\t'),
            'r' => Ok('\r'),
            'u' => {
                let digits: String = (0..4).filter_map(|_| self.next()).collect();
                u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).ok_or_else(bad)
            }
            other => Ok(other),
        }
    }
}
