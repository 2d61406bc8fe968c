//! Programs that others wrote and that know better, where `make oracles` has put them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A program that knows better.
#[derive(Debug)]
pub struct Oracle(Command);

impl Oracle {
    /// `tests/oracles/SCRIPT` under Python with `package`, or `None`, said on standard output, where
    /// that is absent.
    pub fn python(script: &str, package: &str) -> Option<Self> {
        let folder = folder();
        let python = folder.join("bin/python3");
        let packages = folder.join("lib").read_dir().into_iter().flatten().flatten();
        let mut packages = packages.map(|python| python.path().join("site-packages").join(package));
        if !packages.any(|package| package.exists()) {
            println!("skipped: no {package} (make oracles)");
            return None;
        }
        let mut oracle = Command::new(python);
        oracle.arg(tests().join("oracles").join(script)).env_clear();
        Some(Self(oracle))
    }

    /// As [`Oracle::python`], for what needs the schemas of reports too.
    pub fn with_schemas(script: &str, package: &str) -> Option<Self> {
        let schemas = folder().join("schemas");
        let is_there = |name| schemas.join(name).exists();
        if !is_there("sarif-schema-2.1.0.json") || !is_there("junit-10.xsd") {
            println!("skipped: no schemas of reports (make oracles)");
            return None;
        }
        Self::python(script, package)
    }

    /// A program as `make oracles` unpacked it, else as it is installed; `None`, said on standard
    /// output, where it is neither.
    pub fn program(name: &str) -> Option<Self> {
        let unpacked = folder().join("debian/usr/bin");
        let places = [&*unpacked, Path::new("/usr/local/bin"), Path::new("/usr/bin")];
        let Some(path) = places.iter().map(|place| place.join(name)).find(|path| path.exists())
        else {
            println!("skipped: no {name} (make oracles)");
            return None;
        };
        let mut oracle = Command::new(path);
        oracle.env_clear();
        Some(Self(oracle))
    }

    /// Where Trivy is, or `None`, said on standard output, where it is absent.
    pub fn trivy() -> Option<PathBuf> {
        let program = folder().join("trivy/bin/trivy");
        if program.exists() {
            return Some(program);
        }
        println!("skipped: no Trivy (make oracles)");
        None
    }

    /// TypeScript's compiler, or `None`, said on standard output, where it is absent.
    pub fn typescript() -> Option<(Self, PathBuf)> {
        let node = folder().join("node");
        let compiler = node.join("node_modules/typescript/bin/tsc");
        if !compiler.exists() || !node.join("node_modules/@slack/types").exists() {
            println!("skipped: no typescript with @slack/types (make oracles)");
            return None;
        }
        let mut oracle = Command::new("node");
        oracle.arg(compiler).current_dir(&node);
        Some((Self(oracle), node))
    }

    /// A program of Go's that `make oracles` has built from `tests/oracles/NAME.go`, or `None`, said
    /// on standard output, where it is absent.
    pub fn go(name: &str) -> Option<Self> {
        let program = folder().join(name);
        if !program.exists() {
            println!("skipped: no {name} built from Go (make oracles)");
            return None;
        }
        Some(Self(Command::new(program)))
    }

    /// With a variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// In a folder.
    pub fn within(mut self, folder: &Path) -> Self {
        self.0.current_dir(folder);
        self
    }

    /// It, running with these arguments, until it is killed.
    pub fn running(mut self, arguments: &[&str]) -> Child {
        self.0.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.0.spawn().expect("it starts")
    }

    /// What it prints for `arguments` and `input`; what is wrong where it fails.
    pub fn said(mut self, arguments: &[&str], input: &str) -> Result<String, String> {
        self.0.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.0.spawn().expect("it starts");
        child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = text(&output.stdout);
        if output.status.success() { Ok(said) } else { Err(said + &text(&output.stderr)) }
    }

    /// The JSON that it prints.
    #[track_caller]
    pub fn json(self, arguments: &[&str], input: &str) -> Value {
        let said = self.said(arguments, input).unwrap_or_else(|wrong| panic!("{wrong}"));
        serde_json::from_str(said.trim()).unwrap_or_else(|_| panic!("no JSON: {said}"))
    }
}

fn tests() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/oracles")
}
