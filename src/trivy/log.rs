//! What Trivy logs while it works: how far it is, whether it finds anything to look up, why it fails.

use std::collections::VecDeque;

use super::Step;

/// Lines that are remembered: the last ones, but from a fatal one on the first ones.
const LINES: usize = 40;

/// What is said of a system in an image of which nothing can be looked up: it has no packages, or is of a
/// release of which Trivy knows nothing.
const NO_PACKAGES: [&str; 3] = ["pkg_num=0", "No OS package is detected", "not on the EOL list"];

/// How many files list packages of a language. What comes from an image has no tabulators in the log.
const FILES: &str = "\tNumber of language-specific files\tnum=";

/// What Trivy has logged up to now.
#[derive(Debug, Default)]
pub(super) struct Log {
    lines: VecDeque<String>,
    is_fatal: bool,
    step: Step,
    is_without_packages: bool,
    files: Option<u64>,
}

impl Log {
    /// Takes the next line; returns the step that it tells of, if it does.
    pub(super) fn hear(&mut self, line: String) -> Option<Step> {
        let step = Step::told_by(&line);
        self.step = step.unwrap_or(self.step);
        self.is_without_packages |= NO_PACKAGES.iter().any(|words| line.contains(words));
        if let Some((_, number)) = line.rsplit_once(FILES) {
            self.files = number.parse().ok();
        }
        if !self.is_fatal && is_fatal(&line) {
            self.is_fatal = true;
            self.lines.clear();
        }
        if self.lines.len() < LINES {
            self.lines.push_back(line);
        } else if !self.is_fatal {
            self.lines.pop_front();
            self.lines.push_back(line);
        }
        step
    }

    /// The step at which it is.
    pub(super) const fn step(&self) -> Step {
        self.step
    }

    /// Whether there was nothing in the image that could be looked up; none where the log does not say, as
    /// where a server looks things up.
    pub(super) fn is_blank(&self) -> Option<bool> {
        match self.files? {
            0 => self.is_without_packages.then_some(true),
            _ => Some(false),
        }
    }

    /// What it says from the line on that is fatal, else what it says last; on one line.
    pub(super) fn last_words(&self) -> String {
        let skipped = if self.is_fatal { 0 } else { self.lines.len().saturating_sub(1) };
        let lines: Vec<_> = self.lines.iter().skip(skipped).map(String::as_str).collect();
        let said = lines.join(" ");
        said.split_once("Fatal error").map_or(said.as_str(), |(_, said)| said).trim().to_owned()
    }
}

/// Whether Trivy, or the language it is written in, gives up here.
fn is_fatal(line: &str) -> bool {
    // The level comes first, or after the time.
    line.split_whitespace().take(2).any(|word| word == "FATAL")
        || line.starts_with("panic: ")
        || line.starts_with("fatal error: ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: &[&str]) -> Log {
        let mut log = Log::default();
        for line in lines {
            log.hear((*line).to_owned());
        }
        log
    }

    #[test]
    fn whether_anything_could_be_looked_up_is_heard() {
        let no_files = "T\tINFO\tNumber of language-specific files\tnum=0";
        let files = "T\tINFO\tNumber of language-specific files\tnum=2";
        let packages =
            "T\tINFO\t[alpine] Detecting vulnerabilities...\tos_version=\"3.19\" pkg_num=4";
        let no_packages = "T\tINFO\t[alpine] Detecting vulnerabilities...\tpkg_num=0";
        let unknown = "T\tWARN\tThis OS version is not on the EOL list\tversion=\"9.99\"";
        assert_eq!(log(&[no_packages, no_files]).is_blank(), Some(true));
        assert_eq!(log(&[unknown, packages, no_files]).is_blank(), Some(true));
        assert_eq!(log(&[no_packages, files]).is_blank(), Some(false));
        // Here the report itself says it.
        assert_eq!(log(&[packages, no_files]).is_blank(), None);
        assert_eq!(log(&[no_files]).is_blank(), None);
        assert_eq!(log(&[no_packages]).is_blank(), None);
    }

    #[test]
    fn what_is_fatal_is_remembered_whatever_follows() {
        let frames: Vec<_> = (0..70).map(|frame| format!("main.frame{frame}(...)")).collect();
        let mut lines = vec!["T\tINFO\tone", "panic: Page expected to be: 9", "", "goroutine 1:"];
        lines.extend(frames.iter().map(String::as_str));
        let said = log(&lines).last_words();
        assert!(
            said.starts_with("panic: Page expected to be: 9  goroutine 1: main.frame0"),
            "{said}"
        );
        assert!(!said.contains("main.frame69"), "{said}");
        let plain = frames.iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(log(&plain).last_words(), "main.frame69(...)");
        assert_eq!(log(&plain).lines.len(), LINES);
        assert_eq!(
            log(&["T\tINFO\tshop/web:FATAL", "T\tFATAL\tFatal error\tno"]).last_words(),
            "no"
        );
        assert_eq!(log(&[]).last_words(), "");
    }
}
