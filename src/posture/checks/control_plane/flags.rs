//! Flags that containers start components of the control plane with.

use crate::posture::cursor::Cursor;
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::pod::{Container, Pod};

/// What a flag of a component should be: the component, the flag, that, and what is so otherwise.
pub(super) type Wish = (&'static str, &'static str, Wanted, &'static str);

pub(super) const API_SERVER: &str = "kube-apiserver";
pub(super) const CONTROLLER_MANAGER: &str = "kube-controller-manager";
pub(super) const ETCD: &str = "etcd";
pub(super) const KUBELET: &str = "kubelet";
pub(super) const SCHEDULER: &str = "kube-scheduler";

const COMPONENTS: [&str; 5] = [API_SERVER, CONTROLLER_MANAGER, ETCD, KUBELET, SCHEDULER];

/// What a flag should be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted {
    /// Given, with any value.
    Set,
    /// Not given.
    Unset,
    /// Given, with this value.
    Is(&'static str),
    /// With this value, if it is given.
    IfSet(&'static str),
    /// With none of these values.
    Not(&'static [&'static str]),
    /// Given, with a number that is not less.
    AtLeast(i64),
    /// With this in its list, if it is given.
    Lists(&'static str),
    /// Without this in its list.
    Omits(&'static str),
}

impl Wanted {
    fn is_met(self, value: Option<&str>) -> bool {
        let Some(value) = value else {
            return !matches!(self, Self::Set | Self::Is(_) | Self::AtLeast(_));
        };
        match self {
            Self::Set => !value.is_empty(),
            Self::Unset => false,
            Self::Is(wanted) | Self::IfSet(wanted) => value == wanted,
            Self::Not(values) => !values.contains(&value),
            Self::AtLeast(least) => value.parse::<i64>().is_ok_and(|number| number >= least),
            Self::Lists(wanted) => value.split(',').any(|item| item == wanted),
            Self::Omits(wanted) => value.split(',').all(|item| item != wanted),
        }
    }
}

/// The flags of a container that starts a component.
#[derive(Debug)]
pub(super) struct Flags<'a> {
    component: &'a str,
    /// Where one would be that is missing.
    words: Cursor<'a>,
    given: Vec<Flag<'a>>,
}

#[derive(Debug)]
struct Flag<'a> {
    field: Cursor<'a>,
    name: &'a str,
    value: &'a str,
}

impl<'a> Flags<'a> {
    /// Those of a container whose command starts a component, or whose image does where arguments
    /// are all that is given.
    pub(super) fn of(container: &Container<'a>) -> Option<Self> {
        let command = container.fields.get("command");
        let args = container.fields.get("args");
        let (component, words) = match command.items().next() {
            Some(first) => (last(first.word()), command.clone()),
            None if args.is_empty() => return None,
            None => {
                let image = last(container.fields.get("image").word());
                (image.split([':', '@']).next()?, args.clone())
            }
        };
        COMPONENTS.contains(&component).then(|| {
            let given = read(command.items().chain(args.items()));
            Self { component, words, given }
        })
    }

    /// Where a flag is given, and its value. Of several the last one counts.
    pub(super) fn get(&self, name: &str) -> Option<(&Cursor<'a>, &'a str)> {
        let flag = self.given.iter().rev().find(|flag| flag.name == name)?;
        Some((&flag.field, flag.value))
    }

    /// Finds what is not as wished.
    fn compare(&self, wishes: &[Wish], found: &mut Found<'_>) {
        let has_file = self.get("config").or_else(|| self.get("config-file")).is_some();
        let own = wishes.iter().filter(|(component, ..)| *component == self.component);
        for (_, name, wanted, otherwise) in own {
            let given = self.get(name);
            let value = given.map(|(_, value)| value);
            // What is no flag may be said in that file.
            if wanted.is_met(value) || (has_file && value.is_none()) {
                continue;
            }
            let is = match (value, wanted) {
                (None, _) => "is missing".to_owned(),
                (_, Wanted::Unset) => "is given".to_owned(),
                (_, Wanted::Lists(item)) => format!("lacks `{item}`"),
                (_, Wanted::Omits(item)) => format!("has `{item}`"),
                (Some(value), _) => format!("is `{value}`"),
            };
            let field = given.map_or(&self.words, |(field, _)| field);
            found.at(field, format!("`--{name}` {is}: {otherwise}"));
        }
    }
}

/// Finds flags of a container that are not as wished.
pub(super) fn compare(container: &Container<'_>, wishes: &[Wish], found: &mut Found<'_>) {
    if let Some(flags) = Flags::of(container) {
        flags.compare(wishes, found);
    }
}

/// The same for all containers of an object, for checks that look at objects without any too.
pub(super) fn compare_all(object: &Object<'_>, wishes: &[Wish], found: &mut Found<'_>) {
    let Some(pod) = Pod::of(object) else { return };
    for container in pod.containers() {
        let mut found = Found {
            findings: &mut *found.findings,
            check: found.check,
            object,
            container: Some(container.name()),
        };
        compare(&container, wishes, &mut found);
    }
}

/// Reads words as both pflag and the flags of Go do: `--name=value`, `--name value`, `--switch`.
fn read<'a>(words: impl Iterator<Item = Cursor<'a>>) -> Vec<Flag<'a>> {
    let mut words = words.peekable();
    let mut flags = Vec::new();
    while let Some(field) = words.next() {
        let word = field.word();
        let flag = word.strip_prefix("--").or_else(|| word.strip_prefix('-'));
        let Some(flag) = flag else { continue };
        let next = words.peek().and_then(Cursor::text).filter(|next| !next.starts_with('-'));
        let (name, value) = flag.split_once('=').unwrap_or((flag, next.unwrap_or("true")));
        flags.push(Flag { field, name, value });
    }
    flags
}

/// The last part of a path.
fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
