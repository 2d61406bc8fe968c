//! Where Weir keeps what must survive it.

use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use super::{Environment, Settings};

/// Where services keep their state (Filesystem Hierarchy Standard 3.0, 5.8).
const OF_SERVICES: &str = "/var/lib/weir";

/// The folder of the database: that of the one in the settings, else `/var/lib/weir` for root, else
/// `weir` in the user's folder for state.
#[must_use]
pub fn state_folder(settings: &Settings, environment: &Environment) -> PathBuf {
    let of_user = (!geteuid().is_root()).then(|| environment.state_home()).flatten();
    folder(settings.database.as_deref(), of_user)
}

fn folder(database: Option<&Path>, of_user: Option<&Path>) -> PathBuf {
    match (database.and_then(Path::parent), of_user) {
        // A name alone is a file of the working folder.
        (Some(parent), _) if parent.as_os_str().is_empty() => PathBuf::from("."),
        (Some(parent), _) => parent.into(),
        (None, Some(of_user)) => of_user.join("weir"),
        (None, None) => OF_SERVICES.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_decides_then_the_user() {
        let of_user = Some(Path::new("/home/me/.local/state"));
        let of = |database: &'static str| folder(Some(Path::new(database)), of_user);
        assert_eq!(of("/data/incidents.db"), Path::new("/data"));
        assert_eq!(of("incidents.db"), Path::new("."));
        assert_eq!(folder(None, of_user), Path::new("/home/me/.local/state/weir"));
        assert_eq!(folder(None, None), Path::new("/var/lib/weir"));
    }
}
