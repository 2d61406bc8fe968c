//! Tokens to a filter, by recursive descent.

use std::iter::Peekable;
use std::net::IpAddr;
use std::ops::Range;
use std::vec::IntoIter;

use super::error::Error;
use super::key::Key;
use super::lexer::{self, Kind, Letter, Token};
use super::pattern::Pattern;
use super::term::{Comparison, Term};
use super::value::Value;
use super::{Filter, Node};

/// Operators and what they mean; the longer ones first.
const OPERATORS: [(&str, Comparison, Sense); 7] = [
    ("!=", Comparison::Is, Sense::Not),
    ("<=", Comparison::LessOrEqual, Sense::As),
    (">=", Comparison::GreaterOrEqual, Sense::As),
    (":", Comparison::Is, Sense::As),
    ("=", Comparison::Is, Sense::As),
    ("<", Comparison::Less, Sense::As),
    (">", Comparison::Greater, Sense::As),
];

/// Whether a term is meant as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sense {
    As,
    Not,
}

pub(super) fn parse(text: &str) -> Result<Node, Error> {
    if text.len() > Filter::MAX_BYTES {
        let most = Filter::MAX_BYTES;
        let message = format!("a filter has at most {most} bytes, and this has {}", text.len());
        return Err(Error::new(0..text.len(), message));
    }
    let tokens = lexer::tokens(text)?.into_iter().peekable();
    let mut parser = Parser { tokens, depth: 0, last: 0..0 };
    if parser.tokens.peek().is_none() {
        return Ok(Node::All(Vec::new()));
    }
    let node = parser.any()?;
    match parser.tokens.next() {
        Some(Token { span, .. }) => {
            Err(Error::new(span, "nothing is open that this could close; leave it out"))
        }
        None => Ok(node),
    }
}

struct Parser {
    tokens: Peekable<IntoIter<Token>>,
    depth: usize,
    /// The last token taken, which is underlined where something is missing behind it.
    last: Range<usize>,
}

impl Parser {
    /// Alternatives.
    fn any(&mut self) -> Result<Node, Error> {
        let mut parts = vec![self.all()?];
        while self.take(&Kind::Or) {
            parts.push(self.all()?);
        }
        Ok(joined(parts, Node::Any))
    }

    /// Terms side by side.
    fn all(&mut self) -> Result<Node, Error> {
        let mut parts = vec![self.one()?];
        while let Some(token) = self.tokens.peek() {
            match token.kind {
                Kind::Or | Kind::Close => break,
                Kind::And => {
                    self.take(&Kind::And);
                    parts.push(self.one()?);
                }
                Kind::Not | Kind::Open | Kind::Word(_) => parts.push(self.one()?),
            }
        }
        Ok(joined(parts, Node::All))
    }

    fn one(&mut self) -> Result<Node, Error> {
        let Some(Token { kind, span }) = self.tokens.next() else {
            return Err(Error::new(self.last.clone(), "a term is missing behind this"));
        };
        self.last = span.clone();
        match kind {
            Kind::Not => {
                self.enter(&span)?;
                let node = self.one()?;
                self.depth -= 1;
                Ok(Node::Not(Box::new(node)))
            }
            Kind::Open => {
                self.enter(&span)?;
                let node = self.any()?;
                self.depth -= 1;
                if self.take(&Kind::Close) {
                    return Ok(node);
                }
                Err(Error::new(span, "the parenthesis is not closed; write `)` at its end"))
            }
            Kind::Word(letters) => term(&letters, span),
            Kind::Close | Kind::And | Kind::Or => {
                Err(Error::new(span, "a term is missing before this"))
            }
        }
    }

    fn enter(&mut self, span: &Range<usize>) -> Result<(), Error> {
        self.depth += 1;
        let most = Filter::MAX_DEPTH;
        if self.depth <= most {
            return Ok(());
        }
        let message = format!("parentheses and negations stand in each other at most {most} deep");
        Err(Error::new(span.clone(), message))
    }

    fn take(&mut self, kind: &Kind) -> bool {
        let token = self.tokens.next_if(|token| token.kind == *kind);
        if let Some(token) = &token {
            self.last = token.span.clone();
        }
        token.is_some()
    }
}

/// What is alone is not joined.
fn joined(mut parts: Vec<Node>, join: impl FnOnce(Vec<Node>) -> Node) -> Node {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            join(parts)
        }
    }
}

/// A key with values, or a bare word.
fn term(letters: &[Letter], word: Range<usize>) -> Result<Node, Error> {
    let name_len = letters.iter().take_while(|letter| is_of_name(letter)).count();
    let (name, rest) = letters.split_at(name_len);
    let Some((sign, comparison, sense)) = OPERATORS.iter().find(|(sign, ..)| begins(rest, sign))
    else {
        return bare(letters, word);
    };
    let written: String = letters.iter().map(|letter| letter.sign).collect();
    if written.parse::<IpAddr>().is_ok() {
        // Some IPv6 addresses begin like a key.
        return bare(letters, word);
    }
    if name.is_empty() {
        if rest.iter().filter(|letter| letter.is(':')).count() > 1 {
            // The end of an IPv6 address.
            return bare(letters, word);
        }
        let message = format!("a key is missing before `{sign}`; write without spaces `score>0.9`");
        return Err(Error::new(word, message));
    }
    let name_text: String = name.iter().map(|letter| letter.sign).collect();
    let span = lexer::span(name).unwrap_or(word.clone());
    let key = Key::named(&name_text).map_err(|message| Error::new(span, message))?;
    let values = rest.get(sign.len()..).unwrap_or_default();
    let values = values_of(key, *comparison, values, &word)?;
    let term = Node::Term(Term::Field { key, comparison: *comparison, values });
    Ok(if *sense == Sense::Not { Node::Not(Box::new(term)) } else { term })
}

fn values_of(
    key: Key,
    comparison: Comparison,
    letters: &[Letter],
    word: &Range<usize>,
) -> Result<Vec<Value>, Error> {
    let wrong = |letters: &[Letter], message: String| {
        Error::new(lexer::span(letters).unwrap_or(word.clone()), message)
    };
    let info = key.info();
    if comparison != Comparison::Is {
        if !key.is_ordered() {
            let name = info.name;
            let message = format!("`{name}` has no order; write `{name}:` and a value");
            return Err(Error::new(word.clone(), message));
        }
        if let Some(at) = letters.iter().position(|one| one.is(',') || one.is('-')) {
            let sign = comparison.sign();
            let message = format!("`{sign}` takes one value; write `{}:` for several", info.name);
            return Err(wrong(letters.get(at..).unwrap_or_default(), message));
        }
    }
    let values = letters.split(|letter| letter.is(','));
    let value = |letters: &[Letter]| {
        if letters.is_empty() {
            let message = format!("a value is missing; write for example `{}`", info.example);
            return Err(Error::new(word.clone(), message));
        }
        Value::parse(key, letters).map_err(|message| wrong(letters, message))
    };
    values.map(value).collect()
}

fn bare(letters: &[Letter], word: Range<usize>) -> Result<Node, Error> {
    if letters.is_empty() {
        return Err(Error::new(word, "nothing stands in the quotes; leave them out"));
    }
    Ok(Node::Term(Term::Word(Pattern::new(letters))))
}

/// Whether a key can have this letter in its name.
fn is_of_name(letter: &Letter) -> bool {
    !letter.is_quoted && (letter.sign.is_ascii_alphabetic() || matches!(letter.sign, '_' | '-'))
}

fn begins(letters: &[Letter], sign: &str) -> bool {
    letters.len() >= sign.len() && sign.chars().zip(letters).all(|(sign, letter)| letter.is(sign))
}
