//! Beginnings of policies, for whoever writes one.

/// The beginning of a policy. It is one that can be applied as it is, and in monitor mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// What it is called among others.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// Its text, with what is to be filled in said in comments.
    pub yaml: &'static str,
}

/// One for each use.
pub const TEMPLATES: [Template; 5] = [
    Template {
        name: "connections",
        about: "tell of connections that processes open",
        yaml: include_str!("templates/connections.yaml"),
    },
    Template {
        name: "file",
        about: "tell of writes to a file",
        yaml: include_str!("templates/file.yaml"),
    },
    Template {
        name: "exec",
        about: "tell of programs that are started",
        yaml: include_str!("templates/exec.yaml"),
    },
    Template {
        name: "kill",
        about: "kill a program when it starts",
        yaml: include_str!("templates/kill.yaml"),
    },
    Template {
        name: "egress",
        about: "deny connections out of a namespace",
        yaml: include_str!("templates/egress.yaml"),
    },
];
