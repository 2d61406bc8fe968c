//! How Trivy is called, as the settings say.

use std::path::{Path, PathBuf, absolute};

use nix::unistd::{Uid, geteuid};

use super::{Environment, Settings, database_path, state_folder};
use crate::trivy::Options;

impl Settings {
    /// How Trivy is called. It runs in another folder: paths that begin where Weir was started are made
    /// whole. To be called before root is given up.
    #[must_use]
    pub fn trivy(&self, environment: &Environment) -> Options {
        Options {
            program: program(&self.trivy),
            server: Some(self.trivy_server.clone()).filter(|server| !server.is_empty()),
            cache: self.cache(environment, geteuid()).map(|path| whole(&path)),
            home: environment.home(),
            is_offline: self.trivy_offline,
            limit: self.trivy_timeout,
        }
    }

    /// Where Trivy keeps its database: where it does without Weir, so that one that is there is found.
    /// Whoever root becomes may not enter root's home: then beside Weir's own.
    fn cache(&self, environment: &Environment, user: Uid) -> Option<PathBuf> {
        let named = self.trivy_cache.as_deref().or_else(|| environment.trivy_cache());
        if let Some(path) = named {
            return Some(path.to_owned());
        }
        let folder = if user.is_root() && environment.invoker().is_none() {
            database_path(self, environment).ok().map(|database| state_folder(&database).to_owned())
        } else {
            environment.cache_home()
        };
        folder.map(|folder| folder.join("trivy"))
    }
}

/// A name alone is looked for in `PATH`.
fn program(written: &Path) -> PathBuf {
    let is_path = written.as_os_str().as_encoded_bytes().contains(&b'/');
    if is_path { whole(written) } else { written.to_owned() }
}

fn whole(path: &Path) -> PathBuf {
    absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use toml::Table;

    use super::*;
    use crate::settings::{Error, Resolved};

    /// How Trivy is called where these lines were given as flags.
    fn options(lines: &str) -> Result<Options, Error> {
        let flags: Table = lines.parse().unwrap();
        let resolved = Resolved::read(None, &Environment::default(), flags);
        resolved.map(|resolved| resolved.settings.trivy(&Environment::default()))
    }

    #[test]
    fn trivy_is_looked_for_in_path_and_has_ten_minutes() {
        let usual = Options {
            program: "trivy".into(),
            server: None,
            cache: None,
            home: None,
            is_offline: false,
            limit: Duration::from_mins(10),
        };
        // Where its database is depends on who runs this.
        assert_eq!(Options { cache: None, ..options("").unwrap() }, usual);
    }

    #[test]
    fn trivy_keeps_its_database_where_it_does_without_weir() {
        let cache = |user, pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| (name.into(), value.into()));
            let environment = Environment::from_pairs(pairs);
            Settings::default().cache(&environment, Uid::from_raw(user))
        };
        let home = ("HOME", "/home/me");
        assert_eq!(cache(1_000, &[home]), Some("/home/me/.cache/trivy".into()));
        assert_eq!(cache(1_000, &[home, ("XDG_CACHE_HOME", "/c")]), Some("/c/trivy".into()));
        assert_eq!(cache(1_000, &[home, ("TRIVY_CACHE_DIR", "/db")]), Some("/db".into()));
        assert_eq!(cache(1_000, &[]), None);
        let given =
            Settings { database: Some("/var/lib/weir/weir.db".into()), ..Settings::default() };
        let root = given.cache(&Environment::default(), Uid::from_raw(0));
        assert_eq!(root, Some("/var/lib/weir/trivy".into()));
    }

    #[test]
    fn paths_begin_where_weir_was_started() {
        let here = std::env::current_dir().unwrap();
        let given = options("trivy = 'bin/trivy'\ntrivy-cache = 'cache'").unwrap();
        assert_eq!(given.program, here.join("bin/trivy"));
        assert_eq!(given.cache, Some(here.join("cache")));
        assert_eq!(options("trivy = './trivy'").unwrap().program, here.join("trivy"));
        assert_eq!(options("trivy = '/opt/trivy'").unwrap().program, Path::new("/opt/trivy"));
    }

    #[test]
    fn a_server_and_a_time_are_taken_and_what_is_none_is_refused() {
        let given = "trivy-server = 'http://trivy:4954/'\ntrivy-offline = 'true'\n\
                     trivy-timeout = '90s'";
        let given = options(given).unwrap();
        assert_eq!(given.server.as_deref(), Some("http://trivy:4954"));
        assert_eq!((given.is_offline, given.limit), (true, Duration::from_secs(90)));
        for (wrong, said) in [
            ("trivy = ''", "expected the name of a program, or a path to one"),
            ("trivy-server = 'trivy:4954'", "expected a URL that begins with https:// or http://"),
            ("trivy-offline = 'perhaps'", "expected a boolean"),
            ("trivy-timeout = '2 days'", "expected a duration from 1us to 24h"),
        ] {
            let error = options(wrong).unwrap_err().to_string();
            assert!(error.contains(said), "{wrong}: {error}");
        }
    }
}
