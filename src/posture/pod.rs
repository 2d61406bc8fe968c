//! The one traversal: pods and templates of pods, wherever they stand, and their containers.

use super::cursor::Cursor;
use super::object::Object;

/// A pod, or the template of some.
#[derive(Debug, Clone)]
pub(super) struct Pod<'a> {
    pub(super) object: &'a Object<'a>,
    /// Its own metadata: that of the template, where it is one.
    pub(super) metadata: Cursor<'a>,
    pub(super) spec: Cursor<'a>,
}

impl<'a> Pod<'a> {
    /// The pod that an object is or makes.
    ///
    /// That is a `Pod`; a `CronJob`, by its template of a job; a `PodTemplate`; and everything else whose
    /// `spec.template.spec` has containers, of whatever API.
    pub(super) fn of(object: &'a Object<'a>) -> Option<Self> {
        let template = match object.kind {
            "Pod" => object.root.clone(),
            "PodTemplate" => object.root.get("template"),
            "CronJob" => object.root.at_path(&["spec", "jobTemplate", "spec", "template"]),
            _ => object.root.at_path(&["spec", "template"]),
        };
        let pod = Self { object, metadata: template.get("metadata"), spec: template.get("spec") };
        ["containers", "initContainers"]
            .iter()
            .any(|list| !pod.spec.get(list).is_empty())
            .then_some(pod)
    }

    /// All its containers, in the order in which they start.
    pub(super) fn containers<'p>(&'p self) -> impl Iterator<Item = Container<'p>> + use<'p, 'a> {
        let lists = [
            ("initContainers", Role::Init),
            ("containers", Role::Main),
            ("ephemeralContainers", Role::Ephemeral),
        ];
        lists.into_iter().flat_map(move |(list, role)| {
            self.spec.get(list).items().map(move |fields| {
                let restarts = fields.get("restartPolicy").text() == Some("Always");
                let role = if role == Role::Init && restarts { Role::Sidecar } else { role };
                Container { pod: self, fields, role }
            })
        })
    }

    /// What it says of its own security.
    pub(super) fn security(&self) -> Cursor<'a> {
        self.spec.get("securityContext")
    }
}

/// What a container is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It runs as long as the pod.
    Main,
    /// It ends before the others start.
    Init,
    /// It starts first and goes on.
    Sidecar,
    /// It was added to look into a pod that runs.
    Ephemeral,
}

/// A container of a pod.
#[derive(Debug, Clone)]
pub(super) struct Container<'a> {
    pub(super) pod: &'a Pod<'a>,
    pub(super) fields: Cursor<'a>,
    pub(super) role: Role,
}

impl<'a> Container<'a> {
    pub(super) fn name(&self) -> &'a str {
        self.fields.get("name").word()
    }

    /// What it says of its own security.
    pub(super) fn security(&self) -> Cursor<'a> {
        self.fields.get("securityContext")
    }

    /// A field of the security context that pods have too: the container's own; else the pod's; where
    /// neither says anything, the container's that is missing.
    pub(super) fn inherited(&self, name: &'a str) -> Cursor<'a> {
        let own = self.security().get(name);
        let pods = self.pod.security().get(name);
        if !own.exists() && pods.exists() { pods } else { own }
    }
}
