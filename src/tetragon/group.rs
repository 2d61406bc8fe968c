//! The groups whose agents and files Weir reaches after it has given up root.
//!
//! An agent makes its socket for root and root's group alone (mode 0660), and anew each time it starts;
//! its file of events is root's too. Being in that group is all that is needed to reach either.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use super::{Endpoint, SOCKET, Wish};

/// The groups to stay in, so that what `wishes` name on this machine can be reached, each once. None for
/// what everybody may reach, or nobody but its owner; where there is no socket or file yet, the group of
/// the folder that it will be in.
#[must_use]
pub fn groups(wishes: &[Wish]) -> Vec<u32> {
    let mut groups: Vec<_> = wishes
        .iter()
        .filter_map(|wish| match wish {
            Wish::Auto => Some(Path::new(SOCKET)),
            Wish::At(Endpoint::Unix(path) | Endpoint::File(path)) => Some(path),
            _ => None,
        })
        .filter_map(group)
        .collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

/// The group that reaches what is at `path`, or will be.
fn group(path: &Path) -> Option<u32> {
    let Ok(found) = fs::metadata(path) else {
        return fs::metadata(path.parent()?).ok().map(|folder| folder.gid());
    };
    // To connect is to write; a file is read.
    let needed = if found.file_type().is_socket() { 0o2 } else { 0o4 };
    let is_open_to_all = found.mode() & needed != 0;
    let is_open_to_group = found.mode() & (needed << 3) != 0;
    (is_open_to_group && !is_open_to_all).then(|| found.gid())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_group_is_kept_only_where_it_opens_something() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("tetragon.sock");
        let own = fs::metadata(folder.path()).unwrap().gid();
        let at = |path: &Path| [Wish::At(Endpoint::Unix(path.to_owned()))];
        // The agent is not there yet.
        assert_eq!(groups(&at(&socket)), [own]);
        assert_eq!(groups(&at(&folder.path().join("none/tetragon.sock"))), [0; 0]);
        let _listener = UnixListener::bind(&socket).unwrap();
        for (mode, kept) in [(0o660, vec![own]), (0o600, vec![]), (0o666, vec![])] {
            fs::set_permissions(&socket, Permissions::from_mode(mode)).unwrap();
            assert_eq!(groups(&at(&socket)), kept, "{mode:o}");
        }
        let file = folder.path().join("tetragon.log");
        fs::write(&file, "").unwrap();
        for (mode, kept) in [(0o640, vec![own]), (0o600, vec![]), (0o644, vec![])] {
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let wish = Wish::At(Endpoint::File(file.clone()));
            assert_eq!(groups(&[wish.clone(), wish]), kept, "{mode:o}");
        }
        let elsewhere = Wish::At(Endpoint::Tcp("127.0.0.1:54321".into()));
        assert_eq!(groups(&[Wish::Nobody, Wish::Cluster(None), elsewhere]), [0; 0]);
    }
}
