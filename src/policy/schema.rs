//! What may stand where in a policy.

/// A shape with members.
macro_rules! object {
    ($visible:vis $name:ident, [$($rule:expr),*], [$($member:expr),* $(,)?]) => {
        $visible const $name: Shape = {
            static OBJECT: Object = Object { members: &[$($member),*], rules: &[$($rule),*] };
            Shape::Object(&OBJECT)
        };
    };
}

mod selector;
mod table;

pub(super) use table::SPEC;

/// What a value must be.
#[derive(Debug)]
pub(super) enum Shape {
    Text,
    Flag,
    /// A whole number, and the least that it may be.
    Whole(Option<i64>),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Values of one shape, and how many at most.
    List(&'static Self, Option<usize>),
    /// Labels: names and short values.
    Labels,
    /// Values of one shape under names of the writer's.
    Map(&'static Self),
    Object(&'static Object),
}

/// A value with members.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) members: &'static [Member],
    pub(super) rules: &'static [Rule],
}

/// A member.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) is_required: bool,
}

/// What members have to do with each other.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    /// Where the first is true the second must be there.
    Needs(&'static str, &'static str),
    /// At most one of them.
    OneOf(&'static [&'static str]),
    /// None may be there, although they have names.
    Empty,
}

impl Object {
    /// The member of this name.
    pub(super) fn member(&self, name: &str) -> Option<&'static Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

const fn must(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, is_required: true }
}

const fn may(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, is_required: false }
}

const COUNTED: Shape = Shape::Whole(Some(0));
const NUMBER: Shape = Shape::Whole(None);
const TEXTS: Shape = Shape::List(&Shape::Text, None);
const NUMBERS: Shape = Shape::List(&NUMBER, None);
const TAGS: Shape = Shape::List(&Shape::Text, Some(16));
