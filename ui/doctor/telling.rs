//! Can anybody be told of incidents, and is what that needs kept secret. Nothing is sent.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use weir::notify::{self, Sink, key_file};
use weir::settings::{Environment, Invoker, Resolved};

use super::finding::{Finding, told};
use super::keeping::Heir;

const SINKS: &str = "sinks";
const SECRETS: &str = "secrets";

/// Permission of everybody to read a file.
const BY_EVERYBODY: u32 = 0o004;

/// The sinks of the settings, as whoever tells them.
pub(super) fn sinks(resolved: &Resolved, environment: &Environment, heir: Option<Heir>) -> Finding {
    match Sink::all(&resolved.settings, environment) {
        Err(error) => Finding::fail(SINKS, told(&error), mend(&error, heir)),
        Ok(sinks) if sinks.is_empty() => Finding::ok(SINKS, "none: nobody is told of incidents"),
        Ok(sinks) => {
            let named =
                sinks.iter().map(|sink| format!("{} at {}", sink.name().name(), sink.place()));
            let named = named.collect::<Vec<_>>().join("; ");
            Finding::ok(SINKS, format!("{named}; not tried: `weir notify test` does"))
        }
    }
}

fn mend(error: &notify::Error, heir: Option<Heir>) -> String {
    match error {
        notify::Error::KeyFile { path, source } if source.kind() == ErrorKind::PermissionDenied => {
            let owner =
                heir.map_or_else(String::new, |Heir { user: Invoker { uid, gid }, .. }| {
                    format!("`chown {uid}:{gid} {}`: ", path.display())
                });
            return format!("{owner}let whom Weir becomes read it");
        }
        notify::Error::Client { .. } => {
            "install the certificates of the system (`ca-certificates`)"
        }
        notify::Error::Url { .. } => "write it as its service shows it",
        notify::Error::Token => "copy it anew from Slack's page of the app",
        notify::Error::NoChannel => "name the channel: `slack-channel`",
        notify::Error::NoSlack => "set one of them, or leave the channel out",
        notify::Error::KeyFile { .. } => "name it by its whole path: `firebase-key-file`",
        notify::Error::Key { .. } => "make a new key for the service account, as JSON",
        notify::Error::List { .. } => "try again",
    }
    .to_owned()
}

/// Who else may read what sinks are to be reached with. Some of it may be for root alone to see.
pub(super) fn secrets(resolved: &Resolved, environment: &Environment) -> Finding {
    let files = [resolved.file_with_secrets(), key(resolved, environment)];
    let files: Vec<_> = files.into_iter().flatten().filter(|path| path.exists()).collect();
    match files.iter().find(|path| is_open(path)) {
        Some(path) => {
            let shown = path.display();
            let found = format!("everybody on this machine can read those in `{shown}`");
            Finding::warn(SECRETS, found, format!("`chmod 600 {shown}`"))
        }
        None if files.is_empty() => Finding::ok(SECRETS, "none is in a file"),
        None => Finding::ok(SECRETS, "those in files cannot be read by everybody"),
    }
}

/// The service-account key, where one is read.
fn key<'a>(resolved: &'a Resolved, environment: &'a Environment) -> Option<&'a Path> {
    let settings = &resolved.settings;
    let is_read = !settings.firebase_url.is_empty() && environment.firebase_emulator().is_none();
    is_read.then(|| key_file(settings, environment))
}

fn is_open(path: &Path) -> bool {
    path.metadata().is_ok_and(|data| data.mode() & BY_EVERYBODY != 0)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use toml::Table;
    use weir::settings::SettingsFile;

    use super::*;
    use crate::doctor::finding::Level;

    fn resolved(path: &Path, text: &str, mode: u32) -> Resolved {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let environment = Environment::default();
        let file = SettingsFile::locate(Some(path), &environment).unwrap();
        Resolved::read(Some(&file), &environment, Table::new()).unwrap()
    }

    #[test]
    fn a_secret_in_a_file_that_everybody_reads_is_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weir.toml");
        let level = |text, mode| {
            let finding = secrets(&resolved(&path, text, mode), &Environment::default());
            assert!(!format!("{finding:?}").contains("hunter2"));
            finding.level
        };
        assert_eq!(level("webhook-secret = 'hunter2'", 0o644), Level::Warn);
        assert_eq!(level("webhook-secret = 'hunter2'", 0o600), Level::Ok);
        assert_eq!(level("webhook-secret = ''", 0o644), Level::Ok);
        assert_eq!(level("sensor = 'edge'", 0o644), Level::Ok);
    }

    #[test]
    fn a_key_that_cannot_be_read_is_a_failure_with_its_mend() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("weir.toml"), folder.path().join("key.json"));
        let text =
            format!("firebase-url = 'https://x.example'\nfirebase-key-file = '{}'", key.display());
        let resolved = resolved(&path, &text, 0o600);
        let found = || sinks(&resolved, &Environment::default(), None);
        let absent = found();
        assert_eq!(absent.level, Level::Fail);
        assert!(absent.found.contains("key.json`: No such file"), "{absent:?}");
        fs::write(&key, "{}").unwrap();
        assert!(found().found.contains("it has no `client_email`"), "{:?}", found());
    }

    #[test]
    fn sinks_are_named_with_their_hosts_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weir.toml");
        let text = "slack-webhook-url = 'https://hooks.example/services/T0/hunter2'\n\
                    alertmanager-url = 'http://alerts.example:9093'";
        let finding = sinks(&resolved(&path, text, 0o600), &Environment::default(), None);
        assert_eq!(finding.level, Level::Ok);
        let named = "slack at hooks.example; alertmanager at alerts.example:9093";
        assert!(finding.found.starts_with(named), "{finding:?}");
        assert!(!finding.found.contains("hunter2"));
    }
}
