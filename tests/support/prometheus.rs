//! A Prometheus that asks what a test has, and answers queries.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Child;

use serde_json::Value;

use super::double::server::own_host;
use super::engine::await_some;
use super::flows::Folder;
use super::oracle::Oracle;

/// One that runs.
pub struct Prometheus {
    child: Child,
    address: String,
}

impl Prometheus {
    /// One that asks these addresses every second, as the job `weir`; `None`, said on standard
    /// output, where the program is absent.
    pub fn start(folder: &Folder, targets: &[&str]) -> Option<Self> {
        let program = Oracle::program("prometheus")?;
        let settings = serde_json::json!({
            "global": { "scrape_interval": "1s" },
            "scrape_configs": [{ "job_name": "weir", "static_configs": [{ "targets": targets }] }],
        });
        let file = folder.file("prometheus.json", settings.to_string().as_bytes());
        let free = TcpListener::bind((own_host(), 0)).and_then(|free| free.local_addr());
        let address = free.expect("a free port").to_string();
        let child = program.running(&[
            &format!("--config.file={}", file.display()),
            &format!("--storage.tsdb.path={}", folder.path().join("prometheus").display()),
            &format!("--web.listen-address={address}"),
        ]);
        Some(Self { child, address })
    }

    /// What a query gives, once Prometheus answers; what is wrong with it otherwise.
    pub fn ask(&self, query: &str) -> Result<Vec<Value>, String> {
        let target = format!("/api/v1/query?query={}", encoded(query));
        let answer = await_some("Prometheus", || {
            let text = get(&self.address, &target)?;
            serde_json::from_str::<Value>(text.split_once("\r\n\r\n")?.1).ok()
        });
        if answer["status"] != "success" {
            return Err(answer["error"].to_string());
        }
        let result = answer["data"]["result"].as_array().cloned();
        Ok(result.unwrap_or_default())
    }
}

/// A test that fails leaves none behind.
impl Drop for Prometheus {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The answer to a request, in HTTP/1.0, in which it ends where the connection does.
fn get(address: &str, target: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {target} HTTP/1.0\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

fn encoded(query: &str) -> String {
    query.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("a text takes all");
        }
        text
    })
}
