//! A GraphQL document as a tree.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::lex::{At, Token, split};

/// What is wrong with a document, as one entry of `errors`.
#[derive(Debug)]
pub struct Fault(pub Value);

impl Fault {
    /// The document cannot be read.
    pub fn syntax(what: &str, at: At) -> Self {
        Self(json!({
            "message": format!("syntax error, {what} at [{}, {}]", at.line, at.column),
            "locations": [{"line": at.line, "column": at.column}],
            "extensions": {"code": "PARSE_ERROR"},
        }))
    }
}

/// A document.
#[derive(Debug, Default)]
pub struct Document {
    pub operations: Vec<Operation>,
    pub fragments: HashMap<String, (String, Vec<Selection>)>,
}

/// An operation.
#[derive(Debug)]
pub struct Operation {
    pub mutation: bool,
    pub name: Option<String>,
    pub variables: Vec<Variable>,
    pub selections: Vec<Selection>,
}

/// A declared variable.
#[derive(Debug)]
pub struct Variable {
    pub name: String,
    /// As written, `String!`.
    pub kind: String,
    pub default: Option<Given>,
    pub at: At,
}

/// What is selected.
#[derive(Debug, Clone)]
pub enum Selection {
    Field(Field),
    /// `... on Type {…}` or `... {…}`.
    Inline(Option<String>, Vec<Selection>),
    Spread(String),
}

/// A selected field.
#[derive(Debug, Clone)]
pub struct Field {
    pub alias: Option<String>,
    pub name: String,
    pub arguments: Vec<(String, Given)>,
    pub selections: Vec<Selection>,
    pub at: At,
}

/// A value in a document.
#[derive(Debug, Clone)]
pub enum Given {
    Plain(Value),
    Variable(String),
    List(Vec<Given>),
    Object(Vec<(String, Given)>),
}

impl Given {
    /// The value with the variables filled in.
    pub fn value(&self, variables: &Map<String, Value>) -> Value {
        match self {
            Self::Plain(value) => value.clone(),
            Self::Variable(name) => variables.get(name).cloned().unwrap_or(Value::Null),
            Self::List(items) => items.iter().map(|item| item.value(variables)).collect(),
            Self::Object(fields) => fields.iter().map(|(key, field)| (key.clone(), field.value(variables))).collect(),
        }
    }
}

/// Reads a document.
pub fn parse(source: &str) -> Result<Document, Fault> {
    let mut parser = Parser { tokens: split(source)?, at: 0 };
    let mut document = Document::default();
    while *parser.peek() != Token::End {
        if parser.is_name("fragment") {
            parser.at += 1;
            let name = parser.name()?;
            parser.name()?;
            let on = parser.name()?;
            document.fragments.insert(name, (on, parser.selections()?));
        } else {
            let operation = parser.operation()?;
            document.operations.push(operation);
        }
    }
    if document.operations.is_empty() {
        return Err(parser.unexpected());
    }
    Ok(document)
}

struct Parser {
    tokens: Vec<(Token, At)>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)].0
    }

    fn place(&self) -> At {
        self.tokens[self.at.min(self.tokens.len() - 1)].1
    }

    fn is_name(&self, name: &str) -> bool {
        matches!(self.peek(), Token::Name(word) if word == name)
    }

    fn unexpected(&self) -> Fault {
        let what = match self.peek() {
            Token::End => "unexpected end of file".to_owned(),
            Token::Mark(mark) => format!("unexpected token (\"{mark}\")"),
            Token::Name(name) => format!("unexpected IDENTIFIER (\"{name}\")"),
            Token::Text(text) => format!("unexpected STRING (\"{text}\")"),
            Token::Number(number) => format!("unexpected INT (\"{number}\")"),
        };
        Fault::syntax(&what, self.place())
    }

    fn has(&mut self, mark: char) -> bool {
        let found = *self.peek() == Token::Mark(mark);
        self.at += usize::from(found);
        found
    }

    fn want(&mut self, mark: char) -> Result<(), Fault> {
        if self.has(mark) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn name(&mut self) -> Result<String, Fault> {
        match self.peek().clone() {
            Token::Name(name) => {
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn operation(&mut self) -> Result<Operation, Fault> {
        let (mut mutation, mut name, mut variables) = (false, None, Vec::new());
        if *self.peek() != Token::Mark('{') {
            mutation = self.is_name("mutation");
            if !mutation && !self.is_name("query") {
                return Err(self.unexpected());
            }
            self.at += 1;
            if matches!(self.peek(), Token::Name(_)) {
                name = Some(self.name()?);
            }
            if self.has('(') {
                while !self.has(')') {
                    variables.push(self.variable()?);
                }
            }
        }
        Ok(Operation { mutation, name, variables, selections: self.selections()? })
    }

    fn variable(&mut self) -> Result<Variable, Fault> {
        let at = self.place();
        self.want('$')?;
        let name = self.name()?;
        self.want(':')?;
        let kind = self.kind()?;
        let default = if self.has('=') { Some(self.value()?) } else { None };
        Ok(Variable { name, kind, default, at })
    }

    fn kind(&mut self) -> Result<String, Fault> {
        let mut kind = if self.has('[') {
            let inner = self.kind()?;
            self.want(']')?;
            format!("[{inner}]")
        } else {
            self.name()?
        };
        if self.has('!') {
            kind.push('!');
        }
        Ok(kind)
    }

    fn selections(&mut self) -> Result<Vec<Selection>, Fault> {
        self.want('{')?;
        let mut selections = Vec::new();
        while !self.has('}') {
            selections.push(self.selection()?);
        }
        Ok(selections)
    }

    fn selection(&mut self) -> Result<Selection, Fault> {
        if self.has('.') {
            if self.is_name("on") {
                self.at += 1;
                let on = self.name()?;
                return Ok(Selection::Inline(Some(on), self.selections()?));
            }
            return match self.peek() {
                Token::Name(_) => Ok(Selection::Spread(self.name()?)),
                _ => Ok(Selection::Inline(None, self.selections()?)),
            };
        }
        let at = self.place();
        let mut name = self.name()?;
        let mut alias = None;
        if self.has(':') {
            alias = Some(std::mem::replace(&mut name, self.name()?));
        }
        let mut arguments = Vec::new();
        if self.has('(') {
            while !self.has(')') {
                let key = self.name()?;
                self.want(':')?;
                arguments.push((key, self.value()?));
            }
        }
        let selections = if *self.peek() == Token::Mark('{') { self.selections()? } else { Vec::new() };
        Ok(Selection::Field(Field { alias, name, arguments, selections, at }))
    }

    fn value(&mut self) -> Result<Given, Fault> {
        if self.has('$') {
            return Ok(Given::Variable(self.name()?));
        }
        if self.has('[') {
            let mut items = Vec::new();
            while !self.has(']') {
                items.push(self.value()?);
            }
            return Ok(Given::List(items));
        }
        if self.has('{') {
            let mut fields = Vec::new();
            while !self.has('}') {
                let key = self.name()?;
                self.want(':')?;
                fields.push((key, self.value()?));
            }
            return Ok(Given::Object(fields));
        }
        let value = match self.peek().clone() {
            Token::Text(text) => Value::String(text),
            Token::Number(number) => serde_json::from_str(&number).map_err(|_| self.unexpected())?,
            Token::Name(name) => match name.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                _ => Value::String(name),
            },
            _ => return Err(self.unexpected()),
        };
        self.at += 1;
        Ok(Given::Plain(value))
    }
}
