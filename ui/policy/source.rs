//! Policies in files: several documents in one, each fault with its line in the file.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use weir::policy::{Policy, Problem};

use super::Error;
use crate::text;

/// Bytes of a file, and policies in it.
const LARGEST: u64 = 4 << 20;
const MOST: usize = 256;

/// Faults of a file that are said.
const SAID: usize = 8;

/// Where policies are read.
#[derive(Debug, clap::Args)]
pub(super) struct Files {
    /// File with policies as YAML or JSON, a folder for its .yaml, .yml and .json files, or `-` for
    /// standard input; several may be given
    #[arg(short, long, required = true, value_name = "FILE")]
    filename: Vec<PathBuf>,
}

impl Files {
    /// All policies in them, in order.
    pub(super) fn read(&self) -> Result<Vec<Policy>, Error> {
        let mut all = Vec::new();
        for path in &self.filename {
            for file in files(path)? {
                all.extend(policies(&file, &contents(&file)?)?);
            }
        }
        Ok(all)
    }
}

/// The file, or those in the folder that can hold policies, in order of their names.
fn files(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |error| Error::Read(path.to_owned(), error);
    let is_policy = |file: &PathBuf| {
        let ending = file.extension().and_then(|ending| ending.to_str());
        ending.is_some_and(|ending| matches!(ending, "yaml" | "yml" | "json"))
    };
    let files = fs::read_dir(path).map_err(failed)?.map(|entry| entry.map(|entry| entry.path()));
    let mut files = files.collect::<io::Result<Vec<_>>>().map_err(failed)?;
    files.retain(is_policy);
    files.sort();
    if files.is_empty() { Err(Error::Empty(path.to_owned())) } else { Ok(files) }
}

fn contents(path: &Path) -> Result<String, Error> {
    let failed = |error| Error::Read(path.to_owned(), error);
    let mut text = String::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(LARGEST + 1).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text))
    };
    let bytes = read.map_err(failed)?;
    if bytes as u64 > LARGEST {
        return Err(Error::TooMuch { path: path.to_owned(), most: format!("{LARGEST} bytes") });
    }
    Ok(text)
}

/// The policies in `text`, or all that is wrong with them.
fn policies(path: &Path, text: &str) -> Result<Vec<Policy>, Error> {
    let (mut policies, mut problems) = (Vec::new(), Vec::new());
    for (first, document) in documents(text) {
        if policies.len() == MOST {
            return Err(Error::TooMuch { path: path.to_owned(), most: format!("{MOST} policies") });
        }
        match Policy::from_yaml(&document) {
            Ok(policy) => policies.push(policy),
            Err(found) => problems.extend(found.into_iter().map(|problem| moved(problem, first))),
        }
    }
    if !problems.is_empty() {
        let said: Vec<_> =
            problems.iter().take(SAID).map(|problem| text::clean(&problem.to_string())).collect();
        let more = problems.len().saturating_sub(SAID);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let problems = said.join("; ") + &more;
        return Err(Error::Invalid { path: path.to_owned(), problems });
    }
    if policies.is_empty() { Err(Error::Empty(path.to_owned())) } else { Ok(policies) }
}

/// A problem of a document whose first line is `first` in the file, counted from 0.
fn moved(problem: Problem, first: usize) -> Problem {
    let line = if problem.line > 0 { problem.line + first } else { 0 };
    Problem { line, ..problem }
}

/// The documents that say anything, each with the number of lines before it.
fn documents(text: &str) -> Vec<(usize, String)> {
    let mut documents = Vec::new();
    let (mut first, mut document) = (0, String::new());
    let is_mark = |line: &str| {
        let rest = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
        rest.is_some_and(|rest| rest.trim().is_empty() || rest.starts_with([' ', '\t']))
    };
    // Neither blanks nor comments, nor directives such as `%YAML 1.2`.
    let is_said = |line: &str| {
        !line.trim().is_empty() && !line.trim_start().starts_with('#') && !line.starts_with('%')
    };
    for (number, line) in text.lines().enumerate() {
        if is_mark(line) {
            documents.push((first, std::mem::take(&mut document)));
            first = number;
            // A document may begin on that line, and keeps its columns.
            document.push_str("   ");
            document.extend(line.get(3..));
        } else {
            document.push_str(line);
        }
        document.push('\n');
    }
    documents.push((first, document));
    documents.retain(|(_, document)| document.lines().any(is_said));
    documents
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "# Two.\n---\napiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\n\
                       metadata: { name: one }\nspec: { kprobes: [{ call: tcp_connect }] }\n--- # more\n\
                       apiVersion: cilium.io/v1alpha1\nkind: TracingPolicyNamespaced\n\
                       metadata: { name: two, namespace: shop }\nspec:\n  kprobes: [{ call: tcp_close }]\n";

    #[test]
    fn a_file_holds_several_policies() {
        let read = policies(Path::new("x.yaml"), TWO).unwrap();
        let names: Vec<_> = read.iter().map(|policy| policy.name().to_string()).collect();
        assert_eq!(names, ["one", "shop/two"]);
        for empty in ["", "---\n---\n# nothing\n"] {
            let error = policies(Path::new("x.yaml"), empty).unwrap_err();
            assert!(error.to_string().contains("no policy in it"), "{error}");
        }
    }

    #[test]
    fn a_document_may_begin_on_the_line_of_its_mark() {
        let object = "{apiVersion: cilium.io/v1alpha1, kind: TracingPolicy, metadata: {name: N}, \
                      spec: {kprobes: [{call: tcp_connect}]}}";
        let [one, two, bad] = ["one", "two", "Bad"].map(|name| object.replace('N', name));
        let text = format!("%YAML 1.2\n--- {one}\n...\n---\t{two}\n");
        let read = policies(Path::new("x.yaml"), &text).unwrap();
        let names: Vec<_> = read.iter().map(|policy| policy.name().to_string()).collect();
        assert_eq!(names, ["one", "two"]);
        let error = policies(Path::new("x.yaml"), &format!("{text}--- {bad}\n")).unwrap_err();
        let column = 5 + bad.find("Bad").unwrap();
        let place = format!("line 5, column {column}: ");
        assert!(error.to_string().contains(&place), "{error}");
    }

    #[test]
    fn a_folder_stands_for_the_files_in_it_in_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let nothing = files(&path).unwrap_err().to_string();
        assert!(nothing.contains("no policy in it"), "{nothing}");
        for name in ["b.yml", "a.yaml", "c.json", "README.md", "yaml"] {
            fs::write(path.join(name), "").unwrap();
        }
        let expected = ["a.yaml", "b.yml", "c.json"].map(|name| path.join(name));
        assert_eq!(files(&path).unwrap(), expected);
        let single = path.join("README.md");
        assert_eq!(files(&single).unwrap(), [single]);
    }

    #[test]
    fn a_fault_has_its_line_in_the_file() {
        let wrong = TWO.replace("  kprobes: [{ call: tcp_close", "  kprobez: [{ call: tcp_close");
        let error = policies(Path::new("x.yaml"), &wrong).unwrap_err().to_string();
        assert!(error.starts_with("x.yaml: line 12, column 3: "), "{error}");
        assert!(error.contains("kprobez"), "{error}");
    }
}
