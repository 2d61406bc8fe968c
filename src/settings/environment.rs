//! What Weir takes from the process environment, read once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User, geteuid};

use super::Secret;

/// What the names of Weir's variables begin with.
pub(super) const PREFIX: &str = "WEIR_";

/// Variables of Weir that are no settings: the settings file, and the captures tests read.
const OTHERS: [&str; 2] = ["WEIR_CONFIG", "WEIR_TEST_DATA"];

/// Variables that Kubernetes sets in every pod beside a Service named `weir`.
const SERVICE_LINKS: [&str; 2] = ["WEIR_SERVICE_", "WEIR_PORT"];

/// The user who called `sudo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invoker {
    /// User id, never 0.
    pub uid: u32,
    /// Group id, never 0.
    pub gid: u32,
}

/// What Weir takes from the process environment. Nothing else in the program reads it.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// Variables that must be settings, by name.
    pub(super) settings: BTreeMap<String, OsString>,
    /// `WEIR_CONFIG`.
    pub(super) config: Option<PathBuf>,
    /// Where settings files of users stand.
    pub(super) config_home: Option<PathBuf>,
    state_home: Option<PathBuf>,
    cache_home: Option<PathBuf>,
    trivy_cache: Option<PathBuf>,
    ort_lib: Option<PathBuf>,
    slack_webhook_url: Option<Secret>,
    slack_bot_token: Option<Secret>,
    google_credentials: Option<PathBuf>,
    firebase_emulator: Option<String>,
    kubeconfig: Vec<PathBuf>,
    home: Option<PathBuf>,
    search_path: Vec<PathBuf>,
    pod: Option<String>,
    pod_namespace: Option<String>,
    takes_unicode: bool,
    invoker: Option<Invoker>,
    no_color: bool,
}

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub fn current() -> Self {
        Self::from_pairs(std::env::vars_os())
    }

    /// The environment made of these names and values.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let all: BTreeMap<String, OsString> = pairs
            .into_iter()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value))
            .collect();
        let path = |name| all.get(name).map(PathBuf::from);
        // Relative paths are to be ignored (XDG Base Directory Specification 0.8).
        let folder = |name| path(name).filter(|path| path.is_absolute());
        let file = |name| path(name).filter(|path| !path.as_os_str().is_empty());
        let text = |name| {
            let text = all.get(name).map(|value: &OsString| value.to_string_lossy().into_owned());
            text.filter(|text| !text.is_empty())
        };
        let id = |name| all.get(name)?.to_str()?.parse().ok().filter(|id| *id != 0);
        Self {
            config: path("WEIR_CONFIG"),
            config_home: folder("XDG_CONFIG_HOME")
                .or_else(|| Some(folder("HOME")?.join(".config"))),
            state_home: folder("XDG_STATE_HOME")
                .or_else(|| Some(folder("HOME")?.join(".local/state"))),
            cache_home: folder("XDG_CACHE_HOME"),
            trivy_cache: file("TRIVY_CACHE_DIR"),
            ort_lib: file("ORT_DYLIB_PATH"),
            slack_webhook_url: text("SLACK_WEBHOOK_URL").map(Secret::from),
            slack_bot_token: text("SLACK_BOT_TOKEN").map(Secret::from),
            google_credentials: file("GOOGLE_APPLICATION_CREDENTIALS"),
            firebase_emulator: text("FIREBASE_DATABASE_EMULATOR_HOST"),
            kubeconfig: all.get("KUBECONFIG").map(paths).unwrap_or_default(),
            home: folder("HOME"),
            search_path: all.get("PATH").map(paths).unwrap_or_default(),
            pod: text("KUBERNETES_SERVICE_HOST")
                .map(|_| text("POD_NAME").or_else(|| text("HOSTNAME")).unwrap_or_default()),
            pod_namespace: text("POD_NAMESPACE"),
            takes_unicode: takes_unicode(&all),
            invoker: id("SUDO_UID").zip(id("SUDO_GID")).map(|(uid, gid)| Invoker { uid, gid }),
            no_color: all.get("NO_COLOR").is_some_and(|value| !value.is_empty()),
            settings: all.into_iter().filter(|(name, _)| is_setting(name)).collect(),
        }
    }

    /// The user behind `sudo` (`SUDO_UID` and `SUDO_GID`).
    ///
    /// None without `sudo`, and none where user or group is root: to become root again would give
    /// up nothing.
    #[must_use]
    pub const fn invoker(&self) -> Option<Invoker> {
        self.invoker
    }

    /// Where programs of this user keep their state (`XDG_STATE_HOME`, else `~/.local/state`).
    #[must_use]
    pub fn state_home(&self) -> Option<&Path> {
        self.state_home.as_deref()
    }

    /// The library of ONNX Runtime that `ORT_DYLIB_PATH` names.
    pub(super) fn ort_lib(&self) -> Option<&Path> {
        self.ort_lib.as_deref()
    }

    /// Slack's incoming webhook, by `SLACK_WEBHOOK_URL`.
    #[must_use]
    pub const fn slack_webhook_url(&self) -> Option<&Secret> {
        self.slack_webhook_url.as_ref()
    }

    /// Token of a Slack bot, by `SLACK_BOT_TOKEN`.
    #[must_use]
    pub const fn slack_bot_token(&self) -> Option<&Secret> {
        self.slack_bot_token.as_ref()
    }

    /// A service-account key of Google, by `GOOGLE_APPLICATION_CREDENTIALS`.
    #[must_use]
    pub fn google_credentials(&self) -> Option<&Path> {
        self.google_credentials.as_deref()
    }

    /// Host and port of Firebase's emulator, by `FIREBASE_DATABASE_EMULATOR_HOST`.
    #[must_use]
    pub fn firebase_emulator(&self) -> Option<&str> {
        self.firebase_emulator.as_deref()
    }

    /// The kubeconfigs that `KUBECONFIG` names; of what they say twice, the first counts.
    #[must_use]
    pub fn kubeconfig(&self) -> &[PathBuf] {
        &self.kubeconfig
    }

    /// The home folder of this user; for root behind sudo, that of whoever called it, which sudo does
    /// not tell. To be asked before root is given up.
    #[must_use]
    pub fn home(&self) -> Option<PathBuf> {
        self.home_of(geteuid())
    }

    fn home_of(&self, user: Uid) -> Option<PathBuf> {
        let Some(invoker) = self.invoker.filter(|_| user.is_root()) else {
            return self.home.clone();
        };
        let invoker = User::from_uid(invoker.uid.into()).ok().flatten()?;
        Some(invoker.dir).filter(|folder| folder.is_absolute())
    }

    /// Where Trivy keeps its database, by `TRIVY_CACHE_DIR`.
    #[must_use]
    pub fn trivy_cache(&self) -> Option<&Path> {
        self.trivy_cache.as_deref()
    }

    /// Where programs of this user keep what can be had again (`XDG_CACHE_HOME`, else `~/.cache`); as
    /// [`Self::home`].
    #[must_use]
    pub fn cache_home(&self) -> Option<PathBuf> {
        self.cache_home.clone().or_else(|| Some(self.home()?.join(".cache")))
    }

    /// Folders in which programs are looked for (`PATH`).
    #[must_use]
    pub fn search_path(&self) -> &[PathBuf] {
        &self.search_path
    }

    /// The name of the pod this runs in (`POD_NAME`, else `HOSTNAME`, which on the network of its node
    /// is the node's), empty where it does not say; none outside of a cluster.
    #[must_use]
    pub fn pod(&self) -> Option<&str> {
        self.pod.as_deref()
    }

    /// The namespace of that pod (`POD_NAMESPACE`), where it is told.
    #[must_use]
    pub fn pod_namespace(&self) -> Option<&str> {
        self.pod_namespace.as_deref()
    }

    /// Whether the terminal takes more than ASCII: its locale is UTF-8 and it is no Linux console.
    #[must_use]
    pub const fn takes_unicode(&self) -> bool {
        self.takes_unicode
    }

    /// Whether colours are unwanted (`NO_COLOR` is set and not empty, as no-color.org asks).
    #[must_use]
    pub const fn no_color(&self) -> bool {
        self.no_color
    }
}

fn paths(listed: &OsString) -> Vec<PathBuf> {
    std::env::split_paths(listed).filter(|path| !path.as_os_str().is_empty()).collect()
}

/// The first of these variables that is set decides on the character set (POSIX.1-2017, 8.2).
fn takes_unicode(all: &BTreeMap<String, OsString>) -> bool {
    let text = |name: &&str| all.get(*name).map(|value| value.to_string_lossy().to_lowercase());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(text).find(|set| !set.is_empty());
    let is_utf_8 = locale.is_some_and(|set| set.contains("utf-8") || set.contains("utf8"));
    is_utf_8 && text(&"TERM").is_none_or(|terminal| terminal != "linux")
}

fn is_setting(name: &str) -> bool {
    name.starts_with(PREFIX)
        && !OTHERS.contains(&name)
        && !SERVICE_LINKS.iter().any(|link| name.starts_with(link))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::from_pairs(pairs.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn the_user_behind_sudo_is_known_by_both_numbers() {
        let both = environment(&[("SUDO_UID", "1000"), ("SUDO_GID", "100")]);
        assert_eq!(both.invoker(), Some(Invoker { uid: 1000, gid: 100 }));
        assert_eq!(environment(&[("SUDO_UID", "1000")]).invoker(), None);
        assert_eq!(environment(&[("SUDO_UID", "-1"), ("SUDO_GID", "x")]).invoker(), None);
    }

    #[test]
    fn root_behind_sudo_is_nobody_to_become() {
        assert_eq!(environment(&[("SUDO_UID", "0"), ("SUDO_GID", "0")]).invoker(), None);
        assert_eq!(environment(&[("SUDO_UID", "1000"), ("SUDO_GID", "0")]).invoker(), None);
    }

    #[test]
    fn what_kubernetes_sets_for_a_service_is_no_setting() {
        let links = ["WEIR_SERVICE_HOST", "WEIR_PORT", "WEIR_PORT_8080_TCP_ADDR"];
        let given = links.map(|name| (name, "tcp://10.96.0.7:8080"));
        assert!(environment(&given).settings.is_empty());
    }

    #[test]
    fn the_locale_and_the_terminal_decide_on_unicode() {
        let takes = |pairs: &[(&str, &str)]| environment(pairs).takes_unicode();
        assert!(takes(&[("LANG", "C.UTF-8"), ("TERM", "xterm-256color")]));
        assert!(takes(&[("LC_ALL", ""), ("LANG", "de_DE.utf8")]));
        assert!(!takes(&[("LC_ALL", "C"), ("LANG", "C.UTF-8")]));
        assert!(!takes(&[("LANG", "C.UTF-8"), ("TERM", "linux")]));
        assert!(!takes(&[]));
    }

    #[test]
    fn an_empty_no_color_asks_for_nothing() {
        assert!(!environment(&[("NO_COLOR", "")]).no_color());
        assert!(environment(&[("NO_COLOR", "1")]).no_color());
    }

    #[test]
    fn several_kubeconfigs_may_be_named_at_once() {
        let named = environment(&[("KUBECONFIG", "/a::b/c"), ("HOME", "/home/me")]);
        assert_eq!(named.kubeconfig(), [PathBuf::from("/a"), PathBuf::from("b/c")]);
        assert_eq!(named.home(), Some("/home/me".into()));
        assert!(environment(&[("KUBECONFIG", "")]).kubeconfig().is_empty());
    }

    #[test]
    fn a_pod_is_known_by_the_service_of_the_api_server() {
        let inside = [("KUBERNETES_SERVICE_HOST", "10.96.0.1"), ("HOSTNAME", "weir-0")];
        assert_eq!(environment(&inside).pod(), Some("weir-0"));
        assert_eq!(environment(&inside[..1]).pod(), Some(""));
        assert_eq!(environment(&inside[1..]).pod(), None);
    }

    #[test]
    fn a_pod_on_the_network_of_its_node_is_not_called_what_the_node_is() {
        let told = environment(&[
            ("KUBERNETES_SERVICE_HOST", "10.96.0.1"),
            ("HOSTNAME", "worker-1"),
            ("POD_NAME", "weir-x7k"),
            ("POD_NAMESPACE", "weir"),
        ]);
        assert_eq!((told.pod(), told.pod_namespace()), (Some("weir-x7k"), Some("weir")));
    }

    #[test]
    fn behind_sudo_home_is_where_whoever_called_it_lives() {
        let Ok(Some(user)) = User::from_name("daemon") else {
            println!("skipped: needs the user `daemon`");
            return;
        };
        let (uid, gid) = (user.uid.to_string(), user.gid.to_string());
        let sudo = [("HOME", "/root"), ("SUDO_UID", &*uid), ("SUDO_GID", &*gid)];
        let root = Uid::from_raw(0);
        assert_eq!(environment(&sudo).home_of(root), Some(user.dir));
        assert_eq!(environment(&sudo[..1]).home_of(root), Some("/root".into()));
        assert_eq!(environment(&sudo).home_of(Uid::from_raw(7)), Some("/root".into()));
    }

    #[test]
    fn relative_folders_of_settings_are_ignored() {
        let home = environment(&[("XDG_CONFIG_HOME", "config"), ("HOME", "/home/me")]);
        assert_eq!(home.config_home, Some("/home/me/.config".into()));
        assert_eq!(environment(&[("HOME", "")]).config_home, None);
    }
}
