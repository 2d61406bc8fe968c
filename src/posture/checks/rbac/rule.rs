//! What rules of roles allow, and to whom bindings give it.

use crate::posture::cursor::Cursor;
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::set::Set;

/// Roles of either kind.
pub(super) const ROLES: &[&str] = &["Role", "ClusterRole"];

/// Bindings of either kind.
pub(super) const BINDINGS: &[&str] = &["RoleBinding", "ClusterRoleBinding"];

/// The group of roles and bindings themselves.
pub(super) const RBAC: &str = "rbac.authorization.k8s.io";

/// The verbs that change something.
pub(super) const WRITE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];

/// What a rule may allow: some verb of these on some resource of these. `*` counts as every group
/// and as every verb.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) groups: &'static [&'static str],
    pub(super) resources: &'static [&'static str],
    pub(super) verbs: &'static [&'static str],
    /// Whether `*` counts as every resource too. Where it does not, WEIR-402 alone tells of it.
    pub(super) wildcard: bool,
    /// Whether a rule counts that is for single objects, which it names in `resourceNames`.
    pub(super) single: bool,
}

impl Access {
    /// Whether a rule allows it.
    pub(super) fn is_in(&self, rule: &Cursor<'_>) -> bool {
        (self.single || rule.get("resourceNames").is_empty())
            && any_word(&rule.get("apiGroups"), |group| is_among(self.groups, group))
            && any_word(&rule.get("verbs"), |verb| is_among(self.verbs, verb))
            && any_word(&rule.get("resources"), |resource| self.has(resource))
    }

    /// Tells of every rule of a role that allows it.
    pub(super) fn tell(&self, role: &Object<'_>, found: &mut Found<'_>) {
        for rule in rules(role).filter(|rule| self.is_in(rule)) {
            let resources = rule.get("resources");
            let verbs = listed(&rule.get("verbs"), |verb| is_among(self.verbs, verb));
            let on = listed(&resources, |resource| self.has(resource));
            found.at(&resources, format!("it allows {verbs} on {on}"));
        }
    }

    /// Whether what a rule names as a resource is one of these.
    fn has(&self, granted: &str) -> bool {
        let covers = |resource: &&str| covers(granted, resource);
        self.resources.contains(&granted) || (self.wildcard && self.resources.iter().any(covers))
    }
}

/// Whether a wildcard covers a resource: `*` covers all, and `*/scale` that part of every resource.
fn covers(wildcard: &str, resource: &str) -> bool {
    let part = wildcard.strip_prefix('*').filter(|part| part.is_empty() || part.starts_with('/'));
    part.is_some_and(|part| resource.ends_with(part))
}

fn is_among(wanted: &[&str], granted: &str) -> bool {
    granted == "*" || wanted.contains(&granted)
}

/// Whether some text of a list fits.
pub(super) fn any_word(list: &Cursor<'_>, fits: impl Fn(&str) -> bool) -> bool {
    list.items().filter_map(|item| item.text()).any(fits)
}

/// The texts of a list that fit, as one reads them out.
fn listed(list: &Cursor<'_>, fits: impl Fn(&str) -> bool) -> String {
    let words = list.items().filter_map(|item| item.text()).filter(|word| fits(word));
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// The rules of a role.
pub(super) fn rules<'a>(role: &Object<'a>) -> impl Iterator<Item = Cursor<'a>> + use<'a> {
    role.root.get("rules").items()
}

/// The roles of the run that a binding may mean.
pub(super) fn bound<'s, 'a>(
    binding: &Object<'s>,
    set: &'s Set<'a>,
) -> impl Iterator<Item = &'a Object<'a>> + use<'s, 'a> {
    let role = binding.root.get("roleRef");
    let kind = role.get("kind").word();
    let name = role.get("name").word();
    // A ClusterRole belongs to no namespace, whatever its binding belongs to.
    let namespace = if kind == "ClusterRole" { "" } else { binding.namespace };
    let roles = set.of_kind(kind, namespace);
    roles.filter(move |role| role.metadata().get("name").text() == Some(name))
}

/// Tells of every subject of a binding that has one of these names.
pub(super) fn tell_of_subjects(names: &[&str], binding: &Object<'_>, found: &mut Found<'_>) {
    if is_built_in(binding) {
        return;
    }
    let role = binding.root.at_path(&["roleRef", "name"]);
    for subject in binding.root.get("subjects").items() {
        let name = subject.get("name");
        if names.contains(&name.word()) {
            found.at(&name, format!("it gives `{}` to `{}`", role.word(), name.word()));
        }
    }
}

/// Whether Kubernetes itself, or GKE, puts it into every cluster: it is labelled so, or is called so and
/// is not about callers that nobody knows.
pub(super) fn is_built_in(object: &Object<'_>) -> bool {
    let metadata = object.metadata();
    let label = metadata.get("labels").get("kubernetes.io/bootstrapping");
    let subjects = object.root.get("subjects");
    let is_unknown = |name: &str| matches!(name, "system:anonymous" | "system:unauthenticated");
    let is_open = subjects.items().any(|subject| is_unknown(subject.get("name").word()));
    let name = metadata.get("name").word();
    let is_of_cluster = object.kind.starts_with("Cluster");
    let is_called_so = name.starts_with("system:")
        || name.starts_with("gce:podsecuritypolicy:")
        || (is_of_cluster && matches!(name, "cluster-admin" | "admin" | "edit"));
    label.text() == Some("rbac-defaults") || (is_called_so && !is_open)
}
