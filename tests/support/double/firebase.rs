//! A Firebase Realtime Database over REST, with the indices of the rules in `deploy/firebase`.
//!
//! Its bearers are those that a token endpoint has let in, or anybody who says `owner`, as the
//! emulator has it. It does not stream.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::http::{Answer, Request, decoded};
use super::query::{OrderBy, Query};
use super::server::Service;
use super::token::Issued;
use super::tree::{Tree, is_key, is_storable};

/// The rules that are deployed.
const RULES: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/firebase/database.rules.json"));

/// The digits of keys that the database makes, in the order of their bytes.
const DIGITS: &[u8; 64] = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

/// What the database says of names that it does not take.
const BAD_NAMES: &str = "Invalid data; couldn't parse JSON object. Are you sending a JSON object \
                         with valid key names?";

/// Who may write.
#[derive(Debug)]
pub enum Gate {
    /// Bearers of these tokens.
    Issued(Issued),
    /// The owner of any namespace that is named.
    Emulator,
}

/// A write that was taken.
#[derive(Debug, Clone)]
pub struct Written {
    /// `PUT`, `PATCH`, `POST` or `DELETE`.
    pub method: String,
    /// Where.
    pub path: String,
    /// What.
    pub value: Value,
}

/// A Realtime Database.
#[derive(Debug)]
pub struct Firebase {
    gate: Gate,
    rules: Value,
    tree: Tree,
    /// What was written, in order.
    pub written: Vec<Written>,
    /// How many requests had no business here.
    pub turned_away: u64,
    last_push: u64,
}

impl Firebase {
    /// An empty one.
    pub fn new(gate: Gate) -> Self {
        let rules: Value = serde_json::from_str(RULES).expect("the rules are JSON");
        let rules = rules["rules"].clone();
        let (tree, written) = (Tree::default(), Vec::new());
        Self { gate, rules, tree, written, turned_away: 0, last_push: 0 }
    }

    /// What is at `path`.
    pub fn get(&self, path: &str) -> Value {
        self.tree.get(&segments(path))
    }

    fn lets_in(&self, request: &Request) -> bool {
        let bearer = request.header("authorization").and_then(|all| all.strip_prefix("Bearer "));
        match &self.gate {
            Gate::Issued(issued) => bearer.is_some_and(|token| issued.holds(token)),
            Gate::Emulator => bearer == Some("owner") && request.parameter("ns").is_some(),
        }
    }

    fn read(&self, request: &Request, path: &[String]) -> Result<Answer, Answer> {
        let all = self.tree.get(path);
        let Some(query) = Query::of(request).map_err(wrong)? else {
            let is_known = request.header("if-none-match").is_some_and(|known| known == etag(&all));
            let answer = if is_known {
                Answer::refused(304, "")
            } else {
                Answer::refused(200, all.to_string())
            };
            return Ok(if request.header("x-firebase-etag").is_some() {
                answer.with("etag", etag(&all))
            } else {
                answer
            });
        };
        match &query.order_by {
            OrderBy::Child(child) if !self.is_indexed(path, child) => Err(wrong(&format!(
                "Index not defined, add \".indexOn\": \"{child}\", for path \"/{}\", to the rules",
                path.join("/")
            ))),
            _ => Ok(Answer::refused(200, query.answer(&all).to_string())),
        }
    }

    fn is_indexed(&self, path: &[String], child: &str) -> bool {
        let rules = path.iter().fold(&self.rules, |at, key| at.get(key).unwrap_or(&Value::Null));
        let index = &rules[".indexOn"];
        let names = index.as_array().cloned().unwrap_or_else(|| vec![index.clone()]);
        names.iter().any(|name| name == child)
    }

    fn write(&mut self, request: &Request, path: &[String]) -> Result<Answer, Answer> {
        let value = match &*request.method {
            "DELETE" => Value::Null,
            _ => request.json().ok_or_else(|| wrong(BAD_NAMES))?,
        };
        let before = self.tree.get(path);
        if request.header("if-match").is_some_and(|known| known != etag(&before)) {
            return Err(Answer::refused(412, before.to_string()).with("etag", etag(&before)));
        }
        let said = match &*request.method {
            "PATCH" => {
                for (path, value) in updates(path, &value).ok_or_else(|| wrong(BAD_NAMES))? {
                    self.tree.set(&path, value);
                }
                value.clone()
            }
            _ if !is_storable(&value, path.len()) => return Err(wrong(BAD_NAMES)),
            "POST" => {
                let name = self.push_id();
                self.tree.set(&[path, std::slice::from_ref(&name)].concat(), value.clone());
                json!({ "name": name })
            }
            _ => {
                self.tree.set(path, value.clone());
                value.clone()
            }
        };
        let (method, path) = (request.method.clone(), path.join("/"));
        self.written.push(Written { method, path, value });
        let is_silent = request.parameter("print").as_deref() == Some("silent");
        let answer =
            if is_silent { Answer::taken(204, "") } else { Answer::taken(200, said.to_string()) };
        Ok(match request.header("x-firebase-etag") {
            Some(_) => answer.with("etag", etag(&said)),
            None => answer,
        })
    }

    /// A key behind all that were made before.
    fn push_id(&mut self) -> String {
        let now = u64::try_from(Timestamp::now().as_millisecond()).expect("after 1970");
        self.last_push = now.max(self.last_push + 1);
        let digit =
            |shift: u32| DIGITS[usize::try_from(self.last_push >> shift & 63).expect("6 bits")];
        let time = (0..8).rev().map(|place| digit(place * 6));
        let chance = std::iter::repeat_with(|| DIGITS[fastrand::usize(..64)]).take(12);
        time.chain(chance).map(char::from).collect()
    }
}

impl Service for Firebase {
    fn answer(&mut self, request: &Request) -> Answer {
        if !self.lets_in(request) {
            self.turned_away += 1;
            return Answer::refused(401, r#"{"error":"Unauthorized request."}"#);
        }
        let Some(path) = request.url.path().strip_suffix(".json") else {
            return wrong("Path must end in .json");
        };
        let path = segments(path);
        if !path.iter().all(|key| is_key(key)) {
            return wrong("Invalid path: Invalid token in path");
        }
        let answer = match &*request.method {
            "GET" => self.read(request, &path),
            "PUT" | "PATCH" | "POST" | "DELETE" => self.write(request, &path),
            _ => Err(Answer::refused(405, "")),
        };
        let answer = answer.unwrap_or_else(|refused| refused);
        answer.with("content-type", "application/json; charset=utf-8")
    }

    fn error_body(&self) -> String {
        r#"{"error":"Internal server error."}"#.into()
    }
}

/// Each place that an update of `path` changes; none where a name in it is not one.
fn updates(path: &[String], value: &Value) -> Option<Vec<(Vec<String>, Value)>> {
    let one = |(at, value): (&String, &Value)| {
        let at = [path, &segments(at)].concat();
        let is_good = at.iter().all(|key| is_key(key)) && is_storable(value, at.len());
        is_good.then(|| (at, value.clone()))
    };
    value.as_object()?.iter().map(one).collect()
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty()).map(decoded).collect()
}

fn wrong(error: &str) -> Answer {
    Answer::refused(
        400,
        Value::Object(Map::from_iter([("error".into(), error.into())])).to_string(),
    )
}

fn etag(value: &Value) -> String {
    if value.is_null() {
        return "null_etag".into();
    }
    let hash = Sha256::digest(value.to_string());
    hash.iter().take(16).fold(String::new(), |mut tag, byte| {
        write!(tag, "{byte:02x}").expect("a text grows");
        tag
    })
}
