//! Who is let in, and what they may do.

use serde_json::{Value, json};

use super::kinds::Kind;
use super::status::Status;
use crate::support::double::http::Request;

/// Somebody.
#[derive(Debug, Clone)]
pub struct User {
    /// Its bearer token; none for whoever shows none (kubectl shows none without TLS).
    pub token: Option<String>,
    /// What the API server calls it.
    pub name: String,
    /// What it may do.
    pub rights: Rights,
}

/// What somebody may do.
#[derive(Debug, Clone)]
pub enum Rights {
    /// Everything.
    All,
    /// What one of these grants.
    Only(Vec<Grant>),
}

/// One rule of a role; `*` means any.
#[derive(Debug, Clone)]
pub struct Grant {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`.
    pub verbs: Vec<String>,
    /// Groups of the API; empty text is the core.
    pub groups: Vec<String>,
    /// `ingresses`, `ingresses/status`.
    pub resources: Vec<String>,
    /// The namespace; none for all and for what has none.
    pub namespace: Option<String>,
}

/// Something that is to be done, as rules see it.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'a> {
    /// `get`.
    pub verb: &'a str,
    /// The group.
    pub group: &'a str,
    /// The resource, with its subresource.
    pub resource: &'a str,
    /// Empty for all.
    pub namespace: &'a str,
}

impl Grant {
    /// `verbs` on `resources` of `group`, in every namespace.
    pub fn new(verbs: &[&str], group: &str, resources: &[&str]) -> Self {
        let texts = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        let (verbs, resources) = (texts(verbs), texts(resources));
        Self { verbs, groups: vec![group.into()], resources, namespace: None }
    }

    /// In one namespace.
    pub fn within(mut self, namespace: &str) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    fn allows(&self, deed: Deed<'_>) -> bool {
        let has = |all: &[String], one: &str| all.iter().any(|all| all == "*" || all == one);
        has(&self.verbs, deed.verb)
            && has(&self.groups, deed.group)
            && has(&self.resources, deed.resource)
            && self.namespace.as_deref().is_none_or(|namespace| namespace == deed.namespace)
    }
}

impl Rights {
    /// The rules of `Role` and `ClusterRole` objects; those of a `Role` in its namespace.
    pub fn of_roles(roles: &[Value]) -> Self {
        let texts = |list: &Value| -> Vec<String> {
            let list = list.as_array().into_iter().flatten().filter_map(Value::as_str);
            list.map(str::to_owned).collect()
        };
        let grants = roles.iter().flat_map(|role| {
            role["rules"].as_array().into_iter().flatten().map(|rule| Grant {
                verbs: texts(&rule["verbs"]),
                groups: texts(&rule["apiGroups"]),
                resources: texts(&rule["resources"]),
                namespace: role["metadata"]["namespace"].as_str().map(str::to_owned),
            })
        });
        Self::Only(grants.collect())
    }

    /// Whether they cover `deed`.
    pub fn allow(&self, deed: Deed<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Only(grants) => grants.iter().any(|grant| grant.allows(deed)),
        }
    }
}

/// Who sends `request`.
pub fn user<'a>(users: &'a [User], request: &Request) -> Result<&'a User, Status> {
    let header = request.header("authorization");
    let token = header.map(|header| header.strip_prefix("Bearer ").unwrap_or_default());
    let user = users.iter().find(|user| user.token.as_deref() == token);
    user.ok_or_else(Status::unauthorized)
}

/// What the API server says to one who may not.
pub fn forbidden(user: &User, kind: &Kind, name: &str, deed: Deed<'_>) -> Status {
    let Deed { verb, group, resource, namespace } = deed;
    let object = if name.is_empty() { String::new() } else { format!(" \"{name}\"") };
    let place = if namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace \"{namespace}\"")
    };
    let message = format!(
        "{}{object} is forbidden: User \"{}\" cannot {verb} resource \"{resource}\" in API group \
         \"{group}\" {place}",
        kind.qualified(),
        user.name
    );
    Status::forbidden(kind, name, message)
}

/// What `user` is told who asks about its own rights.
pub fn review(user: &User, asked: &Value) -> Value {
    let about = &asked["spec"]["resourceAttributes"];
    let text = |member: &str| about[member].as_str().unwrap_or_default();
    let resource = match text("subresource") {
        "" => text("resource").to_owned(),
        subresource => format!("{}/{subresource}", text("resource")),
    };
    let deed = Deed {
        verb: text("verb"),
        group: text("group"),
        resource: &resource,
        namespace: text("namespace"),
    };
    let allowed = if about.is_object() {
        user.rights.allow(deed)
    } else {
        matches!(user.rights, Rights::All)
    };
    let mut answer = asked.clone();
    answer["metadata"] = json!({});
    answer["status"] = json!({ "allowed": allowed });
    answer
}
