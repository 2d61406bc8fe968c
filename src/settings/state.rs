//! Where Weir keeps what it must not forget.

use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User, geteuid};

use super::{Environment, Error, Settings};

/// The state folder of a service that root starts.
const OF_THE_SYSTEM: &str = "/var/lib/weir";

/// The name of the database in a state folder.
const DATABASE: &str = "weir.db";

/// The database: the one set, else `weir.db` in the state folder.
///
/// The state folder is `weir` where programs of the user keep their state; for root it is that of
/// the user behind sudo, or `/var/lib/weir`. To be called before root is given up.
///
/// # Errors
/// [`Error::NoState`] where none is set and nobody's home folder is known.
pub fn database_path(settings: &Settings, environment: &Environment) -> Result<PathBuf, Error> {
    match &settings.database {
        Some(path) => Ok(path.clone()),
        None => home_of(environment, geteuid()).map(|folder| folder.join(DATABASE)),
    }
}

/// The folder of the `database`, in which chosen models are kept too.
#[must_use]
pub fn state_folder(database: &Path) -> &Path {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
    // A name alone is a file of the working folder.
    folder.unwrap_or_else(|| Path::new("."))
}

fn home_of(environment: &Environment, user: Uid) -> Result<PathBuf, Error> {
    let of_user = match environment.invoker() {
        _ if !user.is_root() => environment.state_home().map(|state| state.join("weir")),
        Some(invoker) => {
            let user = User::from_uid(invoker.uid.into()).ok().flatten();
            user.map(|user| user.dir.join(".local/state/weir"))
        }
        None => Some(OF_THE_SYSTEM.into()),
    };
    of_user.filter(|folder| folder.is_absolute()).ok_or(Error::NoState)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::from_pairs(pairs.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn a_user_keeps_its_state_at_home() {
        let folder = |pairs: &[_]| home_of(&environment(pairs), Uid::from_raw(1_000));
        let home = [("HOME", "/home/me")];
        assert_eq!(folder(&home).unwrap(), PathBuf::from("/home/me/.local/state/weir"));
        let state = [("HOME", "/home/me"), ("XDG_STATE_HOME", "/state")];
        assert_eq!(folder(&state).unwrap(), PathBuf::from("/state/weir"));
        assert!(matches!(folder(&[]), Err(Error::NoState)));
    }

    #[test]
    fn root_keeps_its_state_where_services_do_and_that_of_sudo_with_its_user() {
        let folder = |pairs: &[_]| home_of(&environment(pairs), Uid::from_raw(0));
        assert_eq!(folder(&[("HOME", "/root")]).unwrap(), PathBuf::from("/var/lib/weir"));
        let Ok(Some(user)) = User::from_name("daemon") else {
            println!("skipped: needs the user `daemon`");
            return;
        };
        let (uid, gid) = (user.uid.to_string(), user.gid.to_string());
        let sudo = [("HOME", "/root"), ("SUDO_UID", &*uid), ("SUDO_GID", &*gid)];
        assert_eq!(folder(&sudo).unwrap(), user.dir.join(".local/state/weir"));
    }

    #[test]
    fn a_database_that_is_set_is_taken_as_it_is() {
        let settings = Settings { database: Some("here.db".into()), ..Settings::default() };
        let path = database_path(&settings, &environment(&[])).unwrap();
        assert_eq!(path, PathBuf::from("here.db"));
    }
}
